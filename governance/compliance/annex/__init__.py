"""The technical documentation that Annex IV of the EU AI Act asks for, filled from the record of a version."""
