"""`tertulia run actions`: serve a bot's own actions to other programs.

Source: spec cli.md section 2, sdk.md section 4.
"""

from pathlib import Path

import click

from tertulia.cli.command import PATH, Command, logging_options, refused


def package_name(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Check that a value is the name of a Python package, not a path."""
    if value is not None and not all(part.isidentifier() for part in value.split(".")):
        raise click.BadParameter(
            f"'{value}' is no Python package; write its name as in an import", ctx, param
        )
    return value


@click.command(
    cls=Command, help="Serve the actions of a Python package, in the wire format of the SDKs."
)
@click.option(
    "--actions",
    "package",
    default="actions",
    show_default=True,
    metavar="MODULE",
    callback=package_name,
    help="Package or module in the working directory.",
)
@click.option(
    "-i", "--interface", default="127.0.0.1", show_default=True, help="Address to listen on."
)
@click.option("-p", "--port", type=click.IntRange(0, 65535), default=5055, show_default=True)
@click.option(
    "--cors",
    multiple=True,
    metavar="ORIGIN...",
    help="Other web sites whose pages may call this server; * for all.",
)
@click.option("--ssl-certificate", type=PATH, help="Certificate (PEM) to serve HTTPS with.")
@click.option("--ssl-keyfile", type=PATH, help="Its private key (PEM).")
@click.option(
    "--ssl-password",
    envvar="TERTULIA_SSL_PASSWORD",
    help="Of the private key. Better set TERTULIA_SSL_PASSWORD.",
)
@refused("--auto-reload", "Start the command again after a change.", takes_value=False)
@logging_options("INFO")
def actions(
    package: str,
    interface: str,
    port: int,
    cors: tuple[str, ...],
    ssl_certificate: Path | None,
    ssl_keyfile: Path | None,
    ssl_password: str | None,
) -> int:
    """Serve until the process is told to stop."""
    from tertulia.adapters.in_process.book import load_actions
    from tertulia.adapters.in_process.runner import InProcessActions
    from tertulia.base.secret import Secret
    from tertulia.cli.tls import read_certificate
    from tertulia.server.actions import create_action_app
    from tertulia.server.run import run, serve

    password = Secret(ssl_password) if ssl_password is not None else None
    tls = read_certificate(ssl_certificate, ssl_keyfile, password=password)
    runner = InProcessActions(load_actions(package, Path.cwd()), timeout=None)
    app = create_action_app(runner, cors_origins=cors)

    def greet(address: str) -> None:
        click.echo(f"serving {', '.join(sorted(runner.names))}", err=True)
        click.echo(f"  address  {address}/webhook", err=True)

    run(serve(app, interface, port, tls=tls, on_ready=greet))
    return 0
