"""Says what a line is: a share, a bond, a contract, cash, a coin or a right to something.

Only what the line prints counts: its code, its name, the file's own class column. What a source has said of its
printed classes comes first, then codes of contracts, then words; a company may be called Option Care or Future
plc, so words about contracts count only where no identifier with a check digit stands beside them. Measured over
all 572 distinct lines of the reference history and 1,100 of other issuers. Quantities are never looked at.
"""

from __future__ import annotations

import re

from monitor.core import bonds, contracts
from monitor.core.model import AssetClass, Position

CURRENCIES = frozenset(
    "USD EUR GBP JPY CHF CAD AUD NZD HKD SGD CNY CNH KRW TWD NTD INR ILS SEK NOK DKK BRL MXN ZAR THB PLN TRY IDR MYR"  # noqa: SIM905
    " PHP CZK HUF CLP COP PEN AED SAR QAR KWD EGP VND RUB".split()
)
_COINS = frozenset(["BTC", "ETH", "SOL", "XRP", "LTC", "BCH", "ADA", "DOT", "AVAX", "XBT", "XBTUSD"])
_NOTHING = frozenset(["", "-", "--", "N/A", "NA", "NONE"])

_CASH_WORDS = re.compile(
    r"\b(CASH|MONEY MARKET|MONEY MKT|GOVT INSTL|GOVERNMENT INSTL|GOVT CASH|LIQUIDITY FUND|TREASURY INSTL|COLLATERAL"
    r"|SWEEP|NET OTHER ASSETS|RECEIVABLES?|PAYABLES?)\b"
    r"|現金|保證金|應收|應付|存款|附買回|現金|預金|현금|예금|증거금|미수금|미지급금"
)
_FUND_WORDS = re.compile(  # money-market funds, also those with a ticker, an identifier or a date in their name
    r"\b((GOV(T|ERNMENT)?|TREASURY) OBLIGATIONS? (FUND|FD|PORTFOLIO)|GOV(T|ERNMENT)? MONEY MARKET|GOV(T|ERNMENT)? CASH"
    r"|GOV(T|ERNMENT)? (CL )?INST(L|ITUTIONAL)?|GOV(T|ERNMENT)? (&|AND) AGENCY PORTFOLIO"
    r"|MONEY MARKET (FUND|CLASS|PORTFOLIO)|CSH FND|CASH FUND|CASH RESERVES?|TREASURY INSTL"
    r"|LIQUIDITY FUND|CASH SWEEP|CASH MAN(AGEMENT)? INS)\b"
)
_FUND_TICKER = re.compile(r"[A-Z]{3}XX")  # US money-market funds: FGXXX, AGPXX
_CURRENCY_NAMES = re.compile(
    r"(US|U\.S\.|HONG KONG|CANADIAN|AUSTRALIAN|NEW ZEALAND|SINGAPORE|TAIWAN|NEW TAIWAN) DOLLARS?|JAPANESE YEN"
    r"|EURO( CURRENCY)?|GREAT BRITISH POUND|BRITISH POUND( STERLING)?|POUND STERLING|SWISS FRANC|ISRAELI? (NEW )?SHEKEL"
    r"|SWEDISH KRONA|DANISH KRONE|NORWEGIAN KRONE|(SOUTH )?KOREAN? WON|CHINESE (YUAN|RENMINBI)|SOUTH AFRICAN RAND"
    r"|SAUDI RIYAL|INDIAN RUPEE|BRAZILIAN REAL|MEXICAN PESO|POLISH ZLOTY|TURKISH LIRA|THAI BAHT"
    r"|INDONESIAN RUPIAH|MALAYSIAN RINGGIT|PHILIPPINE PESO"
    r"|원화|달러|엔화|유로화|위안화|新臺幣|新台幣|美元|日圓|歐元|港幣|人民幣"
)
_RIGHT_WORDS = re.compile(
    r"PLACE ?HOLD|UNREGISTERED|ESCROW|\bWARRANTS?\b|\bRIGHTS?\b|\bRTS\b|\bWHEN[ -]ISSUED\b|\bW/I\b|\bCVR\b"
    r"|(?<=\S )WTS?\b|-CW\d\d\b|CONTINGENT VALUE"
)
# One of these is in every name that `_RIGHT_WORDS` finds: to look for them takes a tenth of the time.
_RIGHT_HINTS = (
    "PLACE",
    "UNREG",
    "ESCROW",
    "WARRANT",
    "RIGHT",
    "RTS",
    "ISSUED",
    "W/I",
    "CVR",
    " WT",
    "-CW",
    "CONTINGENT",
)
_FUTURE_WORDS = re.compile(r"\b(FUT|FUTR|FUTURES?|E-?MINI|F 20\d{4})\b|期貨|期货|先物|선물")
_OPTION_WORDS = re.compile(
    r"\b(OPTIONS?|FLEX (CALL|PUT)S?)\b|選擇權|選択権|買權|賣權|옵션|\b(CALL|PUT)S?\b.*\d|\d.*\b(CALL|PUT)S?\b"
)
_SWAP_WORDS = re.compile(r"\b(SWAPS?|TRS)\b|스왑|交換契約")
_FORWARD_WORDS = re.compile(r"\bFORWARDS?\b|先渡|遠期|선도")
_BOND_WORDS = re.compile(
    r"FIXED INCOME|BOND|ANLEIHE|RENTEN|\bNOTES?\b|\bBILLS?\b|TREASUR|DEBT|LOAN|MORTGAGE|ASSET BACKED|債|债|채권"
)
_SHARE_WORDS = re.compile(r"EQUIT|STOCK|AKTIE|SHARES?\b|\bETF\b|股票|株式|주식")
_CASH_TYPES = re.compile(r"CASH|MONEY MARKET|GELDMARKT|BARMITTEL|CURRENCY|COLLATERAL|MARGIN|\bFX\b|現金|현금|예금")
_AS_PRINTED = (AssetClass.CASH, AssetClass.SWAP, AssetClass.OPTION)
_UNLESS_CASH = (AssetClass.FUTURE, AssetClass.BOND)
_LOCAL_CODE = re.compile(r"\d{4,6}[A-Z]?")  # 2330, 00980A: what exchanges of East Asia call a share


def class_of(name: str, ticker: str, identifier: str, printed: str = "", *, verified: bool = False) -> AssetClass:
    """The class of a line. `printed` is the file's own class column, `verified` whether the line carries an
    identifier with a check digit."""
    name, code, ticker = plain(name), plain(identifier), plain(ticker)
    own = printed.strip().upper()
    stated = _printed(own)
    if stated in _AS_PRINTED:
        return stated
    if is_money_fund(name, ticker, code) or (stated is None and _is_cash(name, ticker, code, verified)):
        return AssetClass.CASH
    if stated in _UNLESS_CASH:
        return stated
    known = verified or _LOCAL_CODE.fullmatch(_root(ticker))  # 6023 is a futures broker, no future
    found = _by_code(name, ticker, code) or (None if known else _by_words(name, ticker))
    if found is not None:
        return found
    if bonds.terms(name) is not None or bonds.tba_key(name):
        return AssetClass.BOND
    if stated is None and not verified and _root(ticker) in _COINS:
        return AssetClass.COIN
    if _says_right(name) or (stated is None and not (verified or ticker or _LOCAL_CODE.fullmatch(code))):
        return AssetClass.RIGHT
    return AssetClass.EQUITY


def is_right(name: str) -> bool:
    """Whether a name is that of a warrant, a right, an escrow share or else something that is no share."""
    return _says_right(plain(name))


def _says_right(name: str) -> bool:
    return any(hint in name for hint in _RIGHT_HINTS) and _RIGHT_WORDS.search(name) is not None


def plain(text: str) -> str:
    """A printed text in capitals, empty when it only says that there is none."""
    text = " ".join(text.upper().split())
    return "" if text in _NOTHING else text


def _root(ticker: str) -> str:
    """A ticker without what follows its first blank."""
    return ticker.split()[0] if ticker else ""


def _printed(own: str) -> AssetClass | None:
    """What the file's own class column says, where its word is a usual one."""
    if not own or "DERIVATIVE" in own:
        return None
    if re.search(_FORWARD_WORDS, own) or _FUTURE_WORDS.search(own):
        return AssetClass.FUTURE
    for words, found in (
        (_SWAP_WORDS, AssetClass.SWAP),
        (_OPTION_WORDS, AssetClass.OPTION),
        (_CASH_TYPES, AssetClass.CASH),
        (_SHARE_WORDS, AssetClass.EQUITY),
        (_BOND_WORDS, AssetClass.BOND),
    ):
        if words.search(own):
            return found
    return None


def _by_code(name: str, ticker: str, code: str) -> AssetClass | None:
    """What the form of a code alone says."""
    for text in (ticker, code, name if not (ticker or code) else ""):
        found = contracts.of_code(text)
        if found is not None:
            return found.stated
    return AssetClass.FUTURE if forward_pair(name, ticker, code) else None


def forward_pair(name: str, ticker: str, identifier: str) -> str:
    """`EUR/USD` when a line is a currency forward, else empty: a future on the same pair has a code of its own."""
    coded = identifier.strip().upper()  # FWRDUSDJPY01, beside a name that is a date
    pair = contracts.currency_pair(name, CURRENCIES) or (
        contracts.currency_pair(coded, CURRENCIES) if coded.startswith("FWRD") else ""
    )
    if not pair or contracts.of_code(plain(ticker)) or contracts.of_code(plain(identifier)):
        return ""
    return "" if _FUTURE_WORDS.search(plain(name)) else pair


def _by_words(name: str, ticker: str) -> AssetClass | None:
    """What the words of a line without verified identifier say of contracts."""
    if _says_right(name):
        return AssetClass.RIGHT
    if _SWAP_WORDS.search(name):
        return AssetClass.SWAP
    if _FUTURE_WORDS.search(name) or _FORWARD_WORDS.search(name):
        return AssetClass.FUTURE
    if _OPTION_WORDS.search(name):
        return AssetClass.OPTION
    if contracts.names_a_month(name) or re.fullmatch(r"[A-Z]{1,5} ?20\d\d[/-]?\d\d", ticker):
        return AssetClass.FUTURE
    return None


def _is_cash(name: str, ticker: str, code: str, verified: bool) -> bool:
    if code in CURRENCIES or (code.startswith(("CCT", "X9USD")) and len(code) <= 9):
        return True
    if code.removeprefix("CASH") in CURRENCIES or code in ("CASH&OTHER", "CASH") or ticker in ("CASH&OTHER", "CASH"):
        return True
    if ticker.startswith("$") and ticker[1:] in CURRENCIES:
        return True
    if _CURRENCY_NAMES.fullmatch(name) and not verified:
        return True
    if ticker and ticker not in CURRENCIES:  # COP is a currency and an oil company: the name has to say cash
        return False
    return bool(_CASH_WORDS.search(name)) and bonds.terms(name) is None


def is_money_fund(name: str, ticker: str, code: str) -> bool:
    """Whether a line is a fund in which cash is parked, even when its name ends with a date like a bond's."""
    if _FUND_TICKER.fullmatch(ticker) or (code.startswith("X9USD") and len(code) <= 9):
        return True
    return bool(_FUND_WORDS.search(name)) and not re.search(r"\bETF\b", name)


def is_vehicle(position: Position) -> bool:
    """Whether a cash position is a sweep vehicle: a money-market fund, no currency and no receivable."""
    if position.asset_class is not AssetClass.CASH:
        return False
    return is_money_fund(plain(position.name), plain(position.ticker), plain(position.identifier))
