-- Leaves that the sequencer has not numbered yet, in the order of their ids.
CREATE TABLE ledger_pending (
  id BYTEA PRIMARY KEY CHECK (octet_length(id) = 16),
  kind TEXT NOT NULL CHECK (kind IN (
    'batch', 'day_close', 'closure', 'equivocation', 'draw_commit', 'draw_frame',
    'draw_reveal', 'draw_result', 'draw_failed', 'assignment', 'recusal', 'open_intent',
    'open_done', 'disclosure', 'finding', 'finding_confirmed', 'finding_dismissed',
    'case_state', 'notice_queued', 'notice_result', 'reply', 'key_published', 'key_retired',
    'key_destroyed', 'client_changed', 'role_changed', 'export', 'pack_activated',
    'plan_changed', 'config_changed', 'restore_drill', 'epoch'
  )),
  body TEXT NOT NULL,
  made_at BIGINT NOT NULL
);

-- The log: leaf bytes as they are hashed, numbered from zero without gaps.
CREATE TABLE ledger_leaves (
  idx BIGINT PRIMARY KEY,
  id BYTEA NOT NULL UNIQUE CHECK (octet_length(id) = 16),
  kind TEXT NOT NULL,
  bytes BYTEA NOT NULL,
  hash BYTEA NOT NULL CHECK (octet_length(hash) = 32),
  at BIGINT NOT NULL
);
CREATE INDEX ledger_leaves_by_kind ON ledger_leaves (kind, idx);

-- Hashes of complete subtrees of two leaves and more; those of single leaves are in ledger_leaves.
CREATE TABLE ledger_nodes (
  level INTEGER NOT NULL CHECK (level > 0),
  idx BIGINT NOT NULL,
  hash BYTEA NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (level, idx)
);

-- One row: the tree as the last commit left it. Compare-and-swap on size keeps a second sequencer
-- out; wall_at is what the clock said at that commit.
CREATE TABLE ledger_head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  size BIGINT NOT NULL,
  root BYTEA NOT NULL CHECK (octet_length(root) = 32),
  newest_at BIGINT NOT NULL,
  wall_at BIGINT NOT NULL
);
INSERT INTO ledger_head (one, size, root, newest_at, wall_at)
VALUES (1, 0, '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0, 0);

-- Every signed note, as it was published.
CREATE TABLE ledger_checkpoints (
  size BIGINT PRIMARY KEY,
  root BYTEA NOT NULL CHECK (octet_length(root) = 32),
  note TEXT NOT NULL,
  at BIGINT NOT NULL
);

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the log is append-only';
END
$$;
CREATE TRIGGER ledger_leaves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_leaves
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_nodes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_nodes
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_checkpoints
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
