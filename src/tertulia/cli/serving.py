"""Serves a model: puts options, service and server together, and says where it can be reached."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from tertulia.adapters.telemetry.telemetry import open_telemetry
from tertulia.app import AppSettings, build_service, load_endpoints
from tertulia.base.secret import Secret
from tertulia.cli.attended import Attended
from tertulia.cli.credentials import wanted_channels
from tertulia.cli.exposure import LOOPBACK, choose_interface, is_loopback, reachable_host
from tertulia.cli.logs import log_to_file
from tertulia.cli.place import MODELS, project_folder
from tertulia.cli.tls import read_certificate
from tertulia.engine.texts import log_texts
from tertulia.model.find import find_model
from tertulia.model.packed import Packed, pack, unpack
from tertulia.schema.channels import Channels
from tertulia.schema.endpoints import Endpoints
from tertulia.server.app import create_app
from tertulia.server.bind import bind
from tertulia.server.run import Certificate, run, serve_bound
from tertulia.server.settings import ServerSettings
from tertulia.server.stopping import Stopping
from tertulia.server.workers.seat import Seat
from tertulia.stores import Wanted, place_of_store

_CREDENTIALS = Path("credentials.yml")
_MODELS = Path("models")
_log = logging.getLogger("tertulia.cli")


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `run` was told; see its help.

    model: a model or a folder of models. nlu: of 0.x, the model that understands, beside `model`,
    which decides. actions: a package whose actions are run here. attended: a person talks in the
    terminal; when they leave, the server ends.
    """

    model: Path | None = None
    nlu: Path | None = None
    endpoints: Path | None = None
    actions: str | None = None
    store: Wanted | None = None
    profile: Literal["modern", "legacy"] = "modern"
    enable_api: bool = False
    auth_token: Secret | None = None
    jwt_secret: Secret | None = None
    jwt_method: str = "HS256"
    jwt_keys: Path | None = None
    jwt_leeway: float = 0.0
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    jwt_require_exp: bool = False
    protect_channels: bool = False
    interface: str | None = None
    port: int = 5005
    insecure: bool = False
    cors: tuple[str, ...] = ()
    ssl_certificate: Path | None = None
    ssl_keyfile: Path | None = None
    ssl_ca_file: Path | None = None
    ssl_password: Secret | None = None
    credentials: Path | None = None
    connector: str | None = None
    log_file: Path | None = None
    log_messages: bool = False
    response_timeout: float = 3600.0
    shutdown_timeout: float = 30.0
    open_metrics: bool = False
    model_roots: tuple[Path, ...] = ()
    outgoing_hosts: tuple[str, ...] = ()
    attended: bool = False


def read_options(given: Mapping[str, Any]) -> ServeOptions:
    """Return the options of a command line; secrets stop being plain text here."""
    secrets = {
        name: Secret(given[name])
        for name in ("auth_token", "jwt_secret", "ssl_password")
        if given.get(name) is not None
    }
    return msgspec.convert({**given, **secrets}, ServeOptions, dec_hook=_as_path)


def _as_path(kind: type, value: object) -> object:
    """Return a path that came from another process as text."""
    if isinstance(value, kind):
        return value
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(kind)


def serve_project(options: ServeOptions) -> int:
    """Serve until the process is told to stop, or the person at the terminal leaves.

    Raises:
        TertuliaError: options, model, or address cannot be used.
    """
    _start_log(options)
    keys = load_endpoints(options.endpoints).api_keys
    authenticated = any((options.auth_token, options.jwt_secret, options.jwt_keys, keys))
    host = choose_interface(
        options.interface,
        authenticated=authenticated,
        enable_api=options.enable_api,
        insecure=options.insecure,
    )
    if options.enable_api and not authenticated and not is_loopback(host):
        _log.warning("T195 the API is open to everybody who reaches this address")
    tls = _certificate(options)
    channels = channels_of(options)
    run(_serve(options, _find(options), channels, host=host, tls=tls))
    return 0


async def serve_seated(options: ServeOptions, seat: Seat) -> None:
    """Serve as one of several processes, until it is told to stop.

    Raises:
        TertuliaError: options, model, or address cannot be used.
    """
    _start_log(options)
    channels = channels_of(options, report=not seat.has_model)
    found = _beside(options, seat.path) if seat.has_model else _find(options)
    await _serve(options, found, channels, host=seat.host, tls=_certificate(options), seat=seat)


def _start_log(options: ServeOptions) -> None:
    if options.log_file is not None:
        log_to_file(options.log_file)
    if options.log_messages:
        log_texts()


def _certificate(options: ServeOptions) -> Certificate | None:
    return read_certificate(
        options.ssl_certificate,
        options.ssl_keyfile,
        password=options.ssl_password,
        ca=options.ssl_ca_file,
    )


async def _serve(
    options: ServeOptions,
    found: "_Found",
    channels: Channels,
    *,
    host: str,
    tls: Certificate | None,
    seat: Seat | None = None,
) -> None:
    folder, path = project_folder(found.path), found.path
    telemetry = open_telemetry(load_endpoints(options.endpoints).tracing, os.environ)
    stopping = Stopping(options.shutdown_timeout)
    service = await build_service(
        AppSettings(
            model=None if found.model is None else unpack(found.model, beside=found.nlu),
            packed=found.model,
            nlu=found.nlu,
            folder=folder,
            store=options.store,
            endpoints=options.endpoints,
            actions=options.actions,
            understands=None if options.nlu is None else str(options.nlu),
            telemetry=telemetry,
            model_roots=_model_roots(options, folder),
            agrees=not options.attended,
            **_beside_others(options, seat),
        )
    )
    attended = Attended(service) if options.attended else None

    def greet(address: str) -> None:
        if seat is None or seat.listening():
            _announce(options, path, address, host)
        if attended is not None:
            attended.start()

    try:
        settings = _server_settings(options, folder, load_endpoints(options.endpoints), channels)
        app = create_app(
            service,
            settings,
            telemetry=telemetry,
            stopping=stopping,
            gathered=None if seat is None else seat.gathered,
            places=None if seat is None else seat.places(settings.limits.jobs),
        )
        if seat is not None:
            await seat.join(service, stopping, path)
        bound = bind(host, options.port) if seat is None else seat.bound
        await serve_bound(app, bound, tls=tls, on_ready=greet, stopping=stopping)
    finally:
        await service.close(stopping.remaining())
        await telemetry.close()


def _beside_others(options: ServeOptions, seat: Seat | None) -> dict[str, Any]:
    told = options.model is not None
    if seat is None:
        return {"told": told}
    # Who joins others serves what they serve already.
    return {"locks": seat.locks, "leads": seat.locks.leads, "told": told or seat.has_model}


def _server_settings(
    options: ServeOptions, folder: Path, endpoints: Endpoints, channels: Channels
) -> ServerSettings:
    return ServerSettings(
        profile=options.profile,
        enable_api=options.enable_api,
        auth_token=options.auth_token,
        jwt_secret=options.jwt_secret,
        jwt_method=options.jwt_method,
        jwt_keys=options.jwt_keys,
        jwt_leeway=options.jwt_leeway,
        jwt_audience=options.jwt_audience,
        jwt_issuer=options.jwt_issuer,
        jwt_requires_expiry=options.jwt_require_exp,
        api_keys=endpoints.api_keys,
        protect_channels=options.protect_channels,
        limits=endpoints.limits,
        cors_origins=options.cors,
        channels=channels,
        response_timeout=options.response_timeout,
        public_metrics=options.open_metrics,
        model_roots=_model_roots(options, folder),
        outgoing_hosts=options.outgoing_hosts,
    )


def _model_roots(options: ServeOptions, folder: Path) -> tuple[Path, ...]:
    return options.model_roots or (folder / MODELS,)


def channels_of(options: ServeOptions, *, report: bool = True) -> Channels:
    """Return the channels that were asked for. report: tell what is passed over.

    Raises:
        ProblemsFound: the file of credentials cannot be used.
    """
    credentials = options.credentials
    if credentials is None and options.profile == "modern" and _CREDENTIALS.is_file():
        credentials = _CREDENTIALS
    return wanted_channels(credentials, options.connector, report=report)


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """The models to start with, as ServeOptions names them. path: where the first one lies."""

    model: Packed | None = None
    path: Path | None = None
    nlu: Packed | None = None


def _beside(options: ServeOptions, path: Path | None) -> _Found:
    """Return what is needed beside a model that comes from elsewhere. path: where it lay."""
    is_elsewhere = options.nlu is None or load_endpoints(options.endpoints).nlu is not None
    nlu = None if is_elsewhere else pack(find_model(options.nlu or _MODELS))
    return _Found(path=path, nlu=nlu)


def _find(options: ServeOptions) -> _Found:
    """Return the models; none when the server is to start without one."""
    endpoints = load_endpoints(options.endpoints)
    nlu = _beside(options, None).nlu
    wanted = options.model or _MODELS
    is_pulled = endpoints.models is not None
    if is_pulled and (options.model is None or not wanted.exists()):
        return _Found(nlu=nlu)  # the model server has it
    if options.model is None and options.enable_api and not _MODELS.exists():
        _log.warning("there is no model yet; messages are answered when one is loaded")
        return _Found(nlu=nlu)
    path = find_model(wanted)
    return _Found(model=pack(path), path=path, nlu=nlu)


def _announce(options: ServeOptions, path: Path | None, address: str, host: str) -> None:
    """Say where the server is. Nothing secret is among it."""
    store = load_endpoints(options.endpoints).tracker_store
    scheme, _, rest = address.partition("://")
    base = f"{scheme}://{reachable_host(host)}:{rest.rpartition(':')[2]}"
    lines = [f"serving {path if path else 'no model yet'}", f"  address  {base}"]
    lines.append(f"  chat     {base}/chat")
    if options.enable_api:
        lines.append(f"  API      {base}/docs")
    kept = place_of_store(options.store, store, project_folder(path))
    if kept is not None:
        lines.append(f"  kept in  {_shown(kept) if isinstance(kept, Path) else kept}")
    if host == LOOPBACK:
        lines.append(
            "Only this machine can reach it. For others: --auth-token or --jwt-secret, "
            "and HTTPS (--ssl-certificate or a proxy)."
        )
    click.echo("\n".join(lines), err=True)


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
