-- Leaves that the sequencer has not numbered yet, in the order of their ids.
CREATE TABLE ledger_pending (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  kind TEXT NOT NULL CHECK (kind IN (
    'batch', 'day_close', 'closure', 'equivocation', 'draw_commit', 'draw_frame',
    'draw_reveal', 'draw_result', 'draw_failed', 'assignment', 'recusal', 'open_intent',
    'open_done', 'disclosure', 'finding', 'finding_confirmed', 'finding_dismissed',
    'case_state', 'notice_queued', 'notice_result', 'reply', 'key_published', 'key_retired',
    'key_destroyed', 'client_changed', 'role_changed', 'export', 'pack_activated',
    'plan_changed', 'config_changed', 'restore_drill', 'epoch'
  )),
  body TEXT NOT NULL,
  made_at INTEGER NOT NULL
) STRICT;

-- The log: leaf bytes as they are hashed, numbered from zero without gaps.
CREATE TABLE ledger_leaves (
  idx INTEGER PRIMARY KEY NOT NULL,
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  kind TEXT NOT NULL,
  bytes BLOB NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX ledger_leaves_by_kind ON ledger_leaves (kind, idx);

-- Hashes of complete subtrees of two leaves and more; those of single leaves are in ledger_leaves.
CREATE TABLE ledger_nodes (
  level INTEGER NOT NULL CHECK (level > 0),
  idx INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

-- One row: the tree as the last commit left it. Compare-and-swap on size keeps a second sequencer
-- out; wall_at is what the clock said at that commit.
CREATE TABLE ledger_head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  size INTEGER NOT NULL,
  root BLOB NOT NULL CHECK (length(root) = 32),
  newest_at INTEGER NOT NULL,
  wall_at INTEGER NOT NULL
) STRICT;
INSERT INTO ledger_head (one, size, root, newest_at, wall_at)
VALUES (1, 0, X'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0, 0);

-- Every signed note, as it was published.
CREATE TABLE ledger_checkpoints (
  size INTEGER PRIMARY KEY NOT NULL,
  root BLOB NOT NULL CHECK (length(root) = 32),
  note TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER ledger_leaves_no_update BEFORE UPDATE ON ledger_leaves
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only');
END;
CREATE TRIGGER ledger_leaves_no_delete BEFORE DELETE ON ledger_leaves
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only');
END;
CREATE TRIGGER ledger_nodes_no_update BEFORE UPDATE ON ledger_nodes
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only');
END;
CREATE TRIGGER ledger_nodes_no_delete BEFORE DELETE ON ledger_nodes
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only');
END;
CREATE TRIGGER ledger_checkpoints_no_update BEFORE UPDATE ON ledger_checkpoints
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only');
END;
CREATE TRIGGER ledger_checkpoints_no_delete BEFORE DELETE ON ledger_checkpoints
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only');
END;
