"""Our usual words, for deflating what is left of a document. Nothing else."""

# Our usual words, as they stand between marks; the last are found at the least cost. A document that was packed with
# this text needs it to the byte: another dictionary is another first byte.
DICTIONARY = (
    '"matured"split successor continued identifier links "kind":"REBALANCE","kind":"SPLIT","kind":"INITIATED",'
    '"kind":"EXITED","kind":"RE_ENTERED","shares_before":0,"value":null,"weight_after":null,"holds":false,"note":"'
    '{"last_held":"2021-03-29","last_material":"2021-03-23","sessions":17,"days":25,"uncovered_sessions":0,'
    '"last_shares":37667,"last_file":"2021-03-24","longest_gap":null,"longest_gap_sessions":0,'
    '"exit":{"from":"2021-03-22","to":"2021-03-24"}}"longest_gap":{"from":"2021-10-28","to":"2021-12-06"},'
    '"published":{"from":"2026-11-27T02:00:00.000000Z","to":"2026-11-27T02:00:00.000000Z"},"cusip":null,"isin":null,"sedol":null,"figi":null},'
    '{"name":"first at the issuer","points":45.0,"how":"no fund of the issuer held it before"},'
    '{"name":"first in the fund","points":25.0,"how":"'
    '{"name":"re-entry","points":20.0,"how":"20 + min(45, 12 × log₂(1 + 304/21))"},{"name":"listed before","points":-'
    '{"name":"exit","points":20.0,"how":"{"name":"small exit","points":-25.0,"how":"never above 0.1 % in the last 60 '
    'files, under 0.5 %"},{"name":"exposure","points":1.0,"how":"20 × min(1, 1 %/10)"},'
    '{"name":"weight","points":20.0,"how":"20 × min(1, 1.96 %)"},'
    '{"name":"crowd","points":-30.0,"how":"17 positions opened and closed with one file"},'
    '{"name":"index funds","points":-30.0,"how":"all funds that changed follow an index"},'
    '{"name":"doubt","points":-15.0,"how":"several sessions between the files, or low confidence"}]}'
    '{"name":"funds","points":6.0,"how":"6 × (2 funds − 1), at most 18"},'
    '\x03{"from":null,"to":null}\x04null\x05\x060~1;"not listed"},\x060~0;\x08],'
    '\x060~1;\x07,\x060~0;"not listed"}],"factors":{"flow_factor":"0.99","units":"-1"}}"factors":{"split":"'
    '"shares_before":","shares_after":","active_shares":-","value":-","weight_after":0.,"holds":true,"note":""},'
    '{"fund":"","kind":"DECREASED","shares_before":\x0e shares, 0.01 %"},\x060~3;"\x0e shares, 1. %"}],'
    '"parts":[{"fund":"","kind":"INCREASED","shares_before":","holds":true,"note":""}],"events":["E","E'
    '{"name":"value","points":1.,"how":"5 × log₁₀(1,000,000 / 1M), 0 … 15"}]}'
    '\1\2\3{"from":null,"to":null}\4null\5\x060~3;\7,\x060~0;\x08],\x1a104;"parts":[\x0b],"events":["E'
    '"],"terms":[{"name":"size","points":0.,"how":"ARK: 30 × min(1, 0.40 bp/100) + 25 × min(1, 0.0023/0.5) × min(1, '
    '0.40/10)"}]}\1\2\3{"from":null,"to":null}\4null\5\x060~1;\7,\x060~0;\x08],"factors":{"flow_factor":"1.00000000",'
    '"units":"0"}}'
).encode()
