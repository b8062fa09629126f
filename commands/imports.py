"""Verbs that take files in."""

import json
import sys
from pathlib import Path

import click

from commands.context import FAILED, INTERRUPTED, refused, runtime_of
from crm.errors import RuleError
from files.imports import import_file, source_of
from files.products import import_products
from files.refusals import FileRefused
from files.reports import Progress


@click.command("import-orders")
@click.argument(
    "paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--mapping", help="Which column is what: the name of a mapping that ships, or a path. Default: by header."
)
@click.option("--shop", "shop_name", help="The shop these orders belong to (default: the mapping's).")
@click.option("--report", "report_path", type=click.Path(dir_okay=False, path_type=Path), help="Also write it as JSON.")
@click.option("--errors", "errors_to", type=click.Path(dir_okay=False, path_type=Path), help="Write what was skipped.")
@click.pass_context
def import_orders(
    context: click.Context,
    paths: tuple[Path, ...],
    mapping: str | None,
    shop_name: str | None,
    report_path: Path | None,
    errors_to: Path | None,
) -> None:
    """Import orders from a platform's export: CSV, TSV or XLSX; two files where it makes two.

    Safe to repeat; goes on where it was interrupted. docs/imports.md says which columns.
    """
    if len(paths) > 2:
        raise click.UsageError("一次导入一份，最多两个文件 / one export at a time, two files at most")
    progress = Progress(is_terminal=sys.stderr.isatty())
    try:
        source, runtime = source_of(list(paths)), runtime_of(context)
        report = import_file(runtime, source, mapping=mapping, shop=shop_name, progress=progress, errors_to=errors_to)
    except (FileRefused, RuleError) as problem:
        sys.exit(refused(str(problem)))
    except KeyboardInterrupt:
        click.echo("\n已停下。再运行同一条命令，会从停下的地方继续。", err=True)
        sys.exit(INTERRUPTED)
    if report_path:
        report_path.write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n", "utf-8")
    for line in report.words():
        click.echo(line)


@click.command("import-products")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shop", "shop_name", required=True, help="The shop these products belong to.")
@click.option("--errors", "errors_to", type=click.Path(dir_okay=False, path_type=Path), help="Write what was skipped.")
@click.pass_context
def import_products_file(context: click.Context, path: Path, shop_name: str, errors_to: Path | None) -> None:
    """Import products from a file: CSV, TSV or XLSX, a product a line.

    Safe to repeat. Exit code 1 when nothing could be taken in. docs/imports.md says which columns.
    """
    progress = Progress(is_terminal=sys.stderr.isatty())
    try:
        report = import_products(runtime_of(context), path, shop=shop_name, errors_to=errors_to, progress=progress)
    except (FileRefused, RuleError) as problem:
        sys.exit(refused(str(problem)))
    except KeyboardInterrupt:
        click.echo("\n已停下，写好的留着。再运行同一条命令，会接着写完。", err=True)
        sys.exit(INTERRUPTED)
    for line in report.words():
        click.echo(line)
    if report.lines == report.skipped:
        sys.exit(FAILED)
