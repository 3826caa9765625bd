package storetest

// What the tests do to a database that the store has no statement for, in the words of each.

// unguard lets the ledger be written over, and foreign keys be wrong on the way.
func (b *bench) unguard() []string {
	on, later := "", `PRAGMA defer_foreign_keys = ON`
	if b.Shared() {
		on, later = " ON ledger", `SET CONSTRAINTS ALL DEFERRED`
	}
	return []string{later, `DROP TRIGGER IF EXISTS ledger_no_update` + on,
		`DROP TRIGGER IF EXISTS ledger_no_delete` + on, `DROP TRIGGER IF EXISTS ledger_no_gap` + on}
}

// brokenCalls are statements after which no call can be written, and after which it can again.
func (b *bench) brokenCalls() (broken, mended string) {
	if b.Shared() {
		return `CREATE FUNCTION no_calls() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;
			CREATE TRIGGER no_calls BEFORE INSERT ON calls FOR EACH ROW EXECUTE FUNCTION no_calls()`,
			`DROP TRIGGER no_calls ON calls`
	}
	return `CREATE TRIGGER no_calls BEFORE INSERT ON calls BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`,
		`DROP TRIGGER no_calls`
}
