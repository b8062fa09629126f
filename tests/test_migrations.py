"""The scripts make exactly the tables the models describe, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect

from migrations import current, migrate, newest, upgrade
from models import Base
from models.database import connect


def test_the_scripts_make_what_the_models_say(runtime):
    with runtime.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_the_comparison_would_see_a_missing_table_and_column(runtime):
    with runtime.transaction() as session:
        session.connection().exec_driver_sql("DROP TABLE one_time_link")
        session.connection().exec_driver_sql('ALTER TABLE "user" ADD COLUMN extra INTEGER')
    with runtime.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)

    assert {str(difference[0]) for difference in differences} >= {"add_table", "remove_column"}


def test_checks_are_in_the_tables_too(runtime):
    """Alembic does not compare CHECK constraints."""
    told = {
        (table.name, str(check.name))
        for table in Base.metadata.sorted_tables
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    with runtime.engine.connect() as connection:
        found = {
            (table, str(check["name"]))
            for table in inspect(connection).get_table_names()
            for check in inspect(connection).get_check_constraints(table)
        }

    assert found == told


def test_a_database_already_there_stays_as_it_is(runtime, make):
    user = make.user()

    assert migrate(runtime.engine) == newest() == current(runtime.engine)

    assert [row.id for row in make.rows(type(user))] == [user.id]


def test_a_database_with_rows_in_it_keeps_them_through_every_script(tmp_path):
    """SQLite makes a changed table anew; whoever points at its rows must not notice."""
    engine = connect(f"sqlite:///{tmp_path}/old.db", root=tmp_path)
    upgrade(engine, "0002")
    with engine.execution_options(writes=True).begin() as connection:
        for statement in (
            "INSERT INTO customer (id, created_at) VALUES (1, '2026-11-01 00:00:00')",
            "INSERT INTO identity (id, kind, scope, value, customer_id, first_seen_at) VALUES"
            " (1, 'unionid', '', 'u', 1, '2026-11-01'), (2, 'external_userid', '', 'wm', 1, '2026-11-01')",
            "INSERT INTO identity_link (identity_id, other_identity_id, evidence, learnt_at)"
            " VALUES (1, 2, 'wecom_contact', '2026-11-02 00:00:00')",
        ):
            connection.exec_driver_sql(statement)

    migrate(engine)

    with engine.connect() as connection:
        links = connection.exec_driver_sql("SELECT proof, stated_at, standing FROM identity_link").all()
        homes = connection.exec_driver_sql("SELECT home_id FROM identity").scalars().all()
        keys_on = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
    engine.dispose()
    assert [tuple(row) for row in links] == [("wecom_contact", "2026-11-02 00:00:00", 0)]
    assert (homes, keys_on) == ([1, 1], 1)
