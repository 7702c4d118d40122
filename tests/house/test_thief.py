"""The thief knows every column of every table: what it does not know it can only call unclassified."""

from amparo.proofs import thief
from tests.house.test_shadow import every_table


def test_every_column_is_known():
    known = {(table, column) for table, columns in thief.TABLES.items() for column in columns}
    there = {
        (model._meta.db_table, field.column)
        for model in every_table()
        for field in model._meta.concrete_fields
    }
    assert known - {("sqlite_sequence", "name"), ("sqlite_sequence", "seq")} == there


def test_every_form_is_one_that_it_checks():
    forms = {form for columns in thief.TABLES.values() for form in columns.values()}
    assert forms <= {*thief.CLEAR, *thief.SEALED}
