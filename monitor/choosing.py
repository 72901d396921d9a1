"""What the configuration makes of the sources: which funds are watched, where their files are, and at what pace.

It reads and asks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from monitor.config import IssuerSettings, Watch
from monitor.core.errors import ConfigError, UsageError
from monitor.sources import registry
from monitor.sources.added import Added
from monitor.sources.spec import FundSpec, Source, Url


def watched(configured: Sequence[Watch], sources: Mapping[str, Source], funds: Sequence[str]) -> tuple[Watch, ...]:
    """What to check: the configured funds, or those of `funds` wherever a source has them."""
    for one in configured:
        _known_funds(registry.choose(sources, one.issuer), one.funds)
    if not funds:
        if not configured:
            raise ConfigError("Nothing is watched yet. Run `holdings-monitor init`, or name funds: check ARKK")
        return tuple(configured)
    found: dict[str, list[str]] = {}
    for text in funds:
        issuer, ticker = find_fund(sources, text)
        found.setdefault(issuer, []).append(ticker)
    return tuple(Watch(issuer=issuer, funds=tuple(tickers)) for issuer, tickers in sorted(found.items()))


def _known_funds(source: Source, funds: Iterable[str]) -> None:
    unknown = [fund for fund in funds if fund not in source.funds]
    if unknown:
        known = ", ".join(sorted(source.funds))
        raise ConfigError(f"The source {source.id!r} has no fund {', '.join(unknown)}. It has: {known}")


def plus_added(configured: Sequence[Watch], found: Iterable[Added]) -> tuple[Watch, ...]:
    """What is watched with the added funds: of an issuer all of whose funds are watched these are among them."""
    chosen = {one.issuer: one for one in configured}
    for fund in found:
        known = chosen.get(fund.issuer)
        if known is None or (known.funds and fund.ticker not in known.funds):
            funds = (*(known.funds if known else ()), fund.ticker)
            chosen[fund.issuer] = Watch(issuer=fund.issuer, funds=funds)
    return tuple(chosen.values())


def with_watched(sources: Mapping[str, Source], configured: Sequence[Watch]) -> Mapping[str, Source]:
    """The sources with the funds that the configuration names and only the form of their code admits."""
    made: dict[str, Source] = {}
    for one in configured:
        source = made.get(one.issuer) or sources.get(one.issuer)
        if source is None or source.others is None:
            continue
        more = {t: source.fund(t) for t in one.funds if t not in source.funds and source.others.pattern.fullmatch(t)}
        if more:
            made[one.issuer] = replace(source, funds={**source.funds, **more})
    return registry.over(sources, made)


def find_fund(sources: Mapping[str, Source], text: str) -> tuple[str, str]:
    """Issuer and ticker of the one fund called so: a ticker, or issuer/ticker."""
    wanted = text.strip().upper()
    known = (sources[one] for one in sources if registry.mentions(sources, one, wanted.rpartition("/")[2]))
    found = [
        (source.id, ticker)
        for source in known
        for ticker in source.funds
        if wanted in (ticker.upper(), f"{source.id}/{ticker}".upper())
    ]
    if not found:
        raise UsageError(f"No source has a fund {text!r}. See: holdings-monitor sources show ID")
    if len(found) > 1:
        raise UsageError(f"Several sources have {text!r}: {', '.join('/'.join(one) for one in found)}")
    return found[0]


def filled(sources: Mapping[str, Source], funds: Sequence[str], source: str | None) -> list[tuple[Source, FundSpec]]:
    """Whose history is to be extended: the named funds, also unlisted ones of a source that admits such
    (issuer/ticker, or with `source` the ticker), or all that `source` lists. Raises UsageError."""
    of = None if source is None else registry.choose(sources, source)
    if not funds:
        if of is None:
            raise UsageError("Say whose history is wanted: FUND, or --source ID for all funds of a source.")
        return [(of, spec) for spec in of.funds.values()]
    return list({(one.id, spec.ticker): (one, spec) for one, spec in (_named(sources, of, t) for t in funds)}.values())


def _named(sources: Mapping[str, Source], of: Source | None, text: str) -> tuple[Source, FundSpec]:
    issuer, _, ticker = text.strip().rpartition("/")
    issuer = issuer.lower() or (of.id if of is not None else "")
    if of is not None and issuer != of.id:
        raise UsageError(f"{text} is no fund of the source {of.id!r}.")
    if issuer in sources:
        try:
            return sources[issuer], sources[issuer].fund(ticker.upper())
        except KeyError:
            pass  # said below, or spelt otherwise
    found = find_fund({issuer: sources[issuer]} if issuer in sources else sources, text.strip().rpartition("/")[2])
    return sources[found[0]], sources[found[0]].funds[found[1]]


def adjusted(source: Source, settings: IssuerSettings) -> Source:
    """The source reached through a mirror or at other addresses, or at another pace."""
    http = replace(source.http, allow_private=settings.allow_private)
    if settings.min_interval is not None:
        http = replace(http, min_interval=settings.min_interval)
    funds = dict(source.funds)
    homepage, backfill, urls, page = source.homepage, source.backfill, source.urls, source.page
    catalogue = source.catalogue
    if settings.base_url is not None:
        base = settings.base_url
        homepage = through(base, homepage) if homepage else ""
        http = replace(http, before=through(base, http.before)) if http.before else http
        if backfill is not None:
            backfill = replace(backfill, url=replace(backfill.url, url=through(base, backfill.url.url)))
        urls = tuple(replace(url, url=through(base, url.url)) for url in urls)
        page = through(base, page) if page else ""
        catalogue = replace(catalogue, url=through(base, catalogue.url)) if catalogue is not None else None
        funds = {
            name: replace(
                fund,
                urls=tuple(replace(url, url=through(base, url.url)) for url in fund.urls),
                page=through(base, fund.page) if fund.page else "",
            )
            for name, fund in funds.items()
        }
    for ticker, address in settings.urls.items():
        _known_funds(source, [ticker])
        funds[ticker] = replace(funds[ticker], urls=(Url(address, note="as configured"),))
    return replace(
        source,
        http=http,
        funds=funds,
        homepage=homepage,
        backfill=backfill,
        urls=urls,
        page=page,
        catalogue=catalogue,
    )


def through(base: str, url: str) -> str:
    """`url` at another server: scheme and host of `base`, its path in front."""
    mirror, parts = urlsplit(base), urlsplit(url)
    path = mirror.path.rstrip("/") + parts.path
    return urlunsplit((mirror.scheme, mirror.netloc, path, parts.query, ""))
