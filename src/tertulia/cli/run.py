"""`tertulia run`: serve a model over HTTP.

Source: spec cli.md section 2, http_api.md section 3.
"""

from typing import Any

import click

from tertulia.cli.actions import package_name
from tertulia.cli.command import (
    PATH,
    Command,
    Decorated,
    logging_options,
    refused,
    without_effect,
)
from tertulia.cli.options import model_option, port_option, store_options

_SYSLOG = "the log goes to standard error and to --log-file; a service manager can forward it"


def _network_options(function: Decorated) -> Decorated:
    options = (
        click.option(
            "-i",
            "--interface",
            help="Address to listen on.  [default: 127.0.0.1; with authentication 0.0.0.0]",
        ),
        port_option,
        click.option(
            "--insecure",
            is_flag=True,
            help="Let everybody who can reach --interface use the HTTP API.",
        ),
        click.option(
            "--cors",
            multiple=True,
            metavar="ORIGIN...",
            help="Other web sites whose pages may call this server; * for all.",
        ),
        click.option("--ssl-certificate", type=PATH, help="Certificate (PEM) to serve HTTPS with."),
        click.option("--ssl-keyfile", type=PATH, help="Its private key (PEM)."),
        click.option(
            "--ssl-ca-file", type=PATH, help="Certificates of clients' authorities (PEM)."
        ),
        click.option(
            "--ssl-password",
            envvar="TERTULIA_SSL_PASSWORD",
            help="Of the private key. Better set TERTULIA_SSL_PASSWORD.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _access_options(function: Decorated) -> Decorated:
    options = (
        click.option("--enable-api", is_flag=True, help="Serve the HTTP API, not only channels."),
        click.option(
            "-t",
            "--auth-token",
            envvar="TERTULIA_AUTH_TOKEN",
            help="Secret that callers of the API show. Better set TERTULIA_AUTH_TOKEN: "
            "what stands in a command line can be seen by others on this machine.",
        ),
        click.option(
            "--jwt-secret",
            envvar="TERTULIA_JWT_SECRET",
            help="Shared secret or public key (PEM) of signed tokens. Better set "
            "TERTULIA_JWT_SECRET.",
        ),
        click.option("--jwt-method", default="HS256", show_default=True),
        click.option(
            "--jwt-keys",
            type=PATH,
            help="JSON Web Key Set of public keys, chosen by `kid`, in place of --jwt-secret.",
        ),
        click.option(
            "--jwt-leeway",
            type=click.FloatRange(min=0),
            default=0.0,
            show_default=True,
            help="Seconds that the clocks of server and signer may differ.",
        ),
        click.option("--jwt-audience", help="Take only tokens for this audience (`aud`)."),
        click.option("--jwt-issuer", help="Take only tokens of this issuer (`iss`)."),
        click.option("--jwt-require-exp", is_flag=True, help="Take only tokens that expire."),
        click.option(
            "--protect-channels",
            is_flag=True,
            help="Ask for credentials at the webhooks of channels, too.",
        ),
        refused(
            "--jwt-private-key",
            "Tokens are only checked here, never issued; give the public key with --jwt-secret.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _model_options(function: Decorated) -> Decorated:
    options = (
        click.option(
            "--model-root",
            "model_roots",
            type=PATH,
            multiple=True,
            metavar="FOLDER...",
            help="Where requests may load models from; trained ones are kept in the first.  "
            "[default: models]",
        ),
        click.option(
            "--outgoing-host",
            "outgoing_hosts",
            multiple=True,
            metavar="HOST[:PORT]...",
            help="Whom requests may make the server call, for callback_url and model_server.  "
            "[default: nobody]",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _other_options(function: Decorated) -> Decorated:
    options = (
        click.option(
            "--profile",
            type=click.Choice(["modern", "legacy"]),
            default="modern",
            show_default=True,
            help="Whose status codes and names answers have: of 3.x, or of 0.x.",
        ),
        click.option(
            "--credentials",
            type=PATH,
            help="Channels to listen to.  [default: credentials.yml, if it is there]",
        ),
        click.option(
            "--actions",
            metavar="MODULE",
            callback=package_name,
            help="Run the actions of this Python package here, whatever endpoints.yml says.",
        ),
        click.option("--connector", help="Listen to this channel only."),
        click.option("--log-file", type=PATH, help="Write the log to this file as well."),
        click.option(
            "--response-timeout",
            type=click.FloatRange(min=0, min_open=True),
            default=3600.0,
            show_default=True,
            help="Seconds a request waits for its turn.",
        ),
        without_effect(
            "--request-timeout", takes_value=True, why="only --response-timeout limits a request"
        ),
        without_effect("--use-syslog", takes_value=False, why=_SYSLOG),
        without_effect("--syslog-address", takes_value=True, why=_SYSLOG),
        without_effect("--syslog-port", takes_value=True, why=_SYSLOG),
        without_effect("--syslog-protocol", takes_value=True, why=_SYSLOG),
        refused(
            "--remote-storage",
            "Copy the model to this machine first, then start with --model.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _operation_options(function: Decorated) -> Decorated:
    options = (
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            envvar="SANIC_WORKERS",
            default=1,
            show_default=True,
            help="Processes that serve together.",
        ),
        click.option(
            "--shutdown-timeout",
            type=click.FloatRange(min=0),
            default=30.0,
            show_default=True,
            help="Seconds that turns under way get to end after a signal.",
        ),
        click.option(
            "--log-messages",
            is_flag=True,
            help="Write what people and the bot say to the log, too: to find a fault.",
        ),
        click.option(
            "--open-metrics",
            is_flag=True,
            help="Show /metrics to everybody in reach, with and without the HTTP API.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command(cls=Command, help="Serve a model over HTTP, with a chat page at /chat.")
@model_option
@store_options
@_access_options
@_network_options
@_model_options
@_other_options
@_operation_options
@logging_options("INFO")
def run(**given: Any) -> int:
    """Serve until the process is told to stop."""
    workers: int = given.pop("workers")
    if workers > 1:
        from tertulia.cli.workers import serve_together

        return serve_together(workers, given)
    from tertulia.cli.serving import read_options, serve_project

    return serve_project(read_options(given))
