DROP TABLE ledger_checkpoints;
DROP TABLE ledger_head;
DROP TABLE ledger_nodes;
DROP TABLE ledger_leaves;
DROP TABLE ledger_pending;
DROP FUNCTION ledger_refuse_change();
