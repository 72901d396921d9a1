"""Brings the printed names of exchanges and countries to the codes of `tickers`: `Nasdaq Omx Nordic` is SS.

A ticker names a security only together with the place where it is listed. A place we do not know keeps its printed
name, so that two listings are never taken for one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from monitor.sources.cells import normalise, plain_text
from monitor.sources.tickers import composite

LONGEST = 40  # characters of a place
_NOWHERE = re.compile(r"-*|n/?a|none|unlisted|no market.*|unknown|otc|not listed")
_EXCHANGES = {  # composite exchange code: what names of its exchanges hold, as words
    "US": "nyse|nyse arca|nyse mkt|nyse american|new york|nasdaq|cboe|bats|usa?",
    "XTAI": "taiwan|taipei|gretai|tpex",
    "XKRX": "korea|kosdaq|kospi|krx",
    "CH": "shanghai|shenzhen",
    "HK": "hong kong|hongkong|hkex",
    "JP": "tokyo|osaka|nagoya|jasdaq|japan exchange",
    "LN": "london|lse",
    "FP": "paris",
    "NA": "amsterdam",
    "BB": "brussels",
    "PL": "lisbon",
    "ID": "dublin|irish|ireland",
    "GR": "xetra|frankfurt|deutsche b[oö]rse|stuttgart|m[uü]nchen|munich|hamburg|berlin|d[uü]sseldorf|tradegate",
    "SW": "six|swiss|virt-x|z[uü]rich",
    "IM": "italiana|milan|milano",
    "SM": "madrid|spain|bme|barcelona",
    "AV": "wiener|vienna",
    "SS": "stockholm|nasdaq omx nordic",
    "DC": "copenhagen",
    "FH": "helsinki",
    "NO": "oslo",
    "IR": "iceland",
    "AU": "asx|australian?|sydney",
    "NZ": "new zealand|nzx",
    "SP": "singapore|sgx",
    "CN": "toronto|tsx|neo exchange|canada|canadian",
    "IN": "india|bombay|bse",
    "TB": "thailand|bangkok",
    "MK": "bursa malaysia|kuala lumpur",
    "IJ": "indonesia|jakarta",
    "PM": "philippine",
    "VN": "ho ?chi ?minh|hanoi|vietnam",
    "SJ": "johannesburg|jse",
    "MM": "mexican[ao]|mexico|bmv",
    "BZ": "xbsp|b3|bovespa|sao paulo|brasil",
    "CI": "santiago",
    "CB": "colombia",
    "AR": "buenos aires",
    "PE": "lima",
    "AB": "saudi",
    "QD": "qatar",
    "KK": "kuwait",
    "UH": "abu dhabi|dubai",
    "IT": "tel aviv",
    "TI": "istanbul|borsa istanbul",
    "GA": "athens",
    "PW": "warsaw",
    "CP": "prague",
    "HB": "budapest",
    "EY": "egyptian|cairo",
    "RM": "moscow|micex|standard-classica-forts",
    "PA": "pakistan|karachi",
}
_MICS = {  # the market codes some files print instead
    "US": "XNYS XNAS XNGS XNMS XNCM XASE ARCX BATS IEXG",
    "XTAI": "XTAI ROCO",
    "XKRX": "XKRX XKOS XKON",
    "CH": "XSHG XSHE XSSC XSEC",
    "HK": "XHKG",
    "JP": "XTKS XOSE XJPX XNGO",
    "LN": "XLON",
    "FP": "XPAR",
    "NA": "XAMS",
    "BB": "XBRU",
    "PL": "XLIS",
    "ID": "XDUB",
    "GR": "XETR XFRA",
    "SW": "XSWX XVTX",
    "IM": "XMIL MTAA",
    "SM": "XMAD XMCE",
    "AV": "XWBO",
    "SS": "XSTO",
    "DC": "XCSE",
    "FH": "XHEL",
    "NO": "XOSL",
    "AU": "XASX",
    "NZ": "XNZE",
    "SP": "XSES",
    "CN": "XTSE XTSX NEOE XTNX",
    "IN": "XNSE XBOM",
    "TB": "XBKK",
    "MK": "XKLS",
    "IJ": "XIDX",
    "PM": "XPHS",
    "SJ": "XJSE",
    "MM": "XMEX",
    "BZ": "BVMF XBSP",
    "CI": "XSGO",
    "AB": "XSAU",
    "QD": "DSMD",
    "KK": "XKUW",
    "UH": "XADS XDFM",
    "IT": "XTAE",
    "TI": "XIST",
    "GA": "XATH ASEX",
    "PW": "XWAR",
    "CP": "XPRA",
    "HB": "XBUD",
}
_COUNTRIES = {  # composite exchange code: names of the country and its two-letter code
    "US": "united states|united states of america|usa|us|vereinigte staaten",
    "XTAI": "taiwan|tw|taiwan, province of china",
    "XKRX": "korea|south korea|korea (south)|korea, republic of|republic of korea|kr|südkorea",
    "CH": "china|cn|prc",
    "HK": "hong kong|hk|hongkong",
    "JP": "japan|jp",
    "LN": "united kingdom|uk|gb|great britain|vereinigtes königreich",
    "FP": "france|fr|frankreich",
    "NA": "netherlands|nl|niederlande",
    "BB": "belgium|be|belgien",
    "PL": "portugal|pt",
    "ID": "ireland|ie|irland",
    "GR": "germany|de|deutschland",
    "SW": "switzerland|ch|schweiz",
    "IM": "italy|it|italien",
    "SM": "spain|es|spanien",
    "AV": "austria|at|österreich",
    "SS": "sweden|se|schweden",
    "DC": "denmark|dk|dänemark",
    "FH": "finland|fi|finnland",
    "NO": "norway|no|norwegen",
    "AU": "australia|au|australien",
    "NZ": "new zealand|nz|neuseeland",
    "SP": "singapore|sg|singapur",
    "CN": "canada|ca|kanada",
    "IN": "india|in|indien",
    "TB": "thailand|th",
    "MK": "malaysia|my",
    "IJ": "indonesia|id|indonesien",
    "PM": "philippines|ph|philippinen",
    "SJ": "south africa|za|südafrika",
    "MM": "mexico|mx|mexiko",
    "BZ": "brazil|br|brasilien",
    "CI": "chile|cl",
    "AB": "saudi arabia|sa|saudi-arabien",
    "QD": "qatar|qa|katar",
    "KK": "kuwait|kw",
    "UH": "united arab emirates|uae|ae|vereinigte arabische emirate",
    "IT": "israel|il",
    "TI": "turkey|türkiye|tr|türkei",
    "GA": "greece|gr|griechenland",
    "PW": "poland|pl|polen",
    "CP": "czech republic|czechia|cz|tschechien",
    "HB": "hungary|hu|ungarn",
    "EY": "egypt|eg|ägypten",
}
_BY_MIC = {mic: code for code, mics in _MICS.items() for mic in mics.split()}
_BY_COUNTRY = {name: code for code, names in _COUNTRIES.items() for name in names.split("|")}
_WORDS = [(code, re.compile(rf"(?<!\w)(?:{words})(?!\w)")) for code, words in _EXCHANGES.items()]


@lru_cache(maxsize=1024)
def place_of_exchange(printed: str) -> str:
    """The composite code (or MIC) of an exchange named or coded in full; as printed, in capitals, when it is not known;
    "" when nothing is printed or the security is not listed."""
    text = plain_text(printed)[:LONGEST]
    name = normalise(text)
    if _NOWHERE.fullmatch(name):
        return ""
    code = _BY_MIC.get(text.upper()) or composite(text.upper())
    if code:
        return code
    found = [(match.end() - match.start(), place) for place, words in _WORDS if (match := words.search(name))]
    return max(found)[1] if found else text.upper()  # the longest: `Nasdaq Omx Nordic` is no Nasdaq


@lru_cache(maxsize=1024)
def place_of_country(printed: str) -> str:
    """The composite code (or MIC) of the exchanges of a country; "" when it is not known."""
    return _BY_COUNTRY.get(normalise(plain_text(printed)[:LONGEST]), "")
