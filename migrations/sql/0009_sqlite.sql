CREATE VIEW v_holdings AS
SELECT
    i.code AS issuer,
    f.ticker AS fund,
    date(n.as_of * 86400, 'unixepoch') AS as_of,
    date(t.pos_session * 86400, 'unixepoch') AS pos_session,
    s.public AS security,
    l.name AS name,
    l.ticker AS ticker,
    l.identifier AS identifier,
    l.asset_class AS asset_class,
    h.shares / CASE n.shares_exp WHEN 0 THEN 1e0 WHEN 1 THEN 1e1 WHEN 2 THEN 1e2 WHEN 3 THEN 1e3 WHEN 4 THEN 1e4 WHEN 5 THEN 1e5 WHEN 6 THEN 1e6 WHEN 7 THEN 1e7 WHEN 8 THEN 1e8 WHEN 9 THEN 1e9 WHEN 10 THEN 1e10 WHEN 11 THEN 1e11 WHEN 12 THEN 1e12 END AS shares,
    h.value / 1e2 AS value,
    h.weight / 1e4 AS weight,
    n.currency AS currency,
    n.known_at AS known_at
FROM holding h
JOIN snapshot n ON n.fund = h.fund AND n.id = h.snapshot
JOIN standing t ON t.fund = h.fund AND t.snapshot = h.snapshot AND t.standing = 'accepted'
JOIN fund f ON f.id = h.fund
JOIN issuer i ON i.id = f.issuer
JOIN security s ON s.id = h.security
JOIN listing l ON l.id = h.listing;

CREATE VIEW v_spells AS
SELECT
    i.code AS issuer,
    f.ticker AS fund,
    s.public AS security,
    l.name AS name,
    l.ticker AS ticker,
    date(p.opened_day * 86400, 'unixepoch') AS opened,
    date(p.opened_from * 86400, 'unixepoch') AS opened_from,
    date(p.opened_to * 86400, 'unixepoch') AS opened_to,
    date(p.closed_day * 86400, 'unixepoch') AS closed,
    date(p.closed_from * 86400, 'unixepoch') AS closed_from,
    date(p.closed_to * 86400, 'unixepoch') AS closed_to,
    date(p.first_file * 86400, 'unixepoch') AS first_file,
    date(p.last_file * 86400, 'unixepoch') AS last_file,
    CAST(p.entry_shares AS REAL) AS entry_shares,
    CAST(p.peak_shares AS REAL) AS peak_shares,
    CAST(p.exit_shares AS REAL) AS exit_shares,
    p.files AS files,
    p.censored AS censored
FROM spell p
JOIN fund f ON f.id = p.fund
JOIN issuer i ON i.id = f.issuer
JOIN security s ON s.id = p.security
LEFT JOIN listing l ON l.id = (
    WITH RECURSIVE same (security) AS (
        SELECT p.security
        UNION
        SELECT k.later FROM same JOIN link k ON k.fund = p.fund AND k.earlier = same.security
    )
    SELECT x.id
    FROM standing t
    JOIN holding h ON h.fund = t.fund AND h.snapshot = t.snapshot AND h.security IN (SELECT security FROM same)
    JOIN listing x ON x.id = h.listing
    WHERE t.fund = p.fund AND t.standing = 'accepted'
        AND t.as_of BETWEEN p.first_file AND coalesce(p.last_file, 2147483647)
    ORDER BY t.as_of DESC, x.name, x.ticker, x.identifier
    LIMIT 1
);

CREATE VIEW v_events AS
SELECT
    b.id AS id,
    CASE b.kind WHEN 0 THEN 'INITIATED' WHEN 1 THEN 'INITIATED_AT_ISSUER' WHEN 2 THEN 'RE_ENTERED' WHEN 3 THEN 'RESUMED' WHEN 4 THEN 'EXITED' WHEN 5 THEN 'INCREASED' WHEN 6 THEN 'DECREASED' WHEN 7 THEN 'SPLIT' WHEN 8 THEN 'IDENTIFIER_CHANGE' WHEN 9 THEN 'TICKER_CHANGED' WHEN 10 THEN 'RENAMED' WHEN 11 THEN 'SUCCESSOR' WHEN 12 THEN 'CONVERTED' WHEN 13 THEN 'POSSIBLE_CONVERSION' WHEN 14 THEN 'SPIN_OFF_RECEIVED' WHEN 15 THEN 'CRUMB_REMOVED' WHEN 16 THEN 'REBALANCE' WHEN 17 THEN 'FUND_CLOSED' WHEN 18 THEN 'FLIPPED' WHEN 19 THEN 'ROLLED' WHEN 20 THEN 'MATURED' WHEN 21 THEN 'CORPORATE_ACTION' WHEN 22 THEN 'CASH_VEHICLE' END AS kind,
    i.code AS issuer,
    f.ticker AS fund,
    s.public AS security,
    CASE WHEN b.listing IS NULL THEN b.name ELSE l.name END AS name,
    CASE WHEN b.listing IS NULL THEN b.ticker ELSE nullif(l.ticker, '') END AS ticker,
    date(b.as_of * 86400, 'unixepoch') AS as_of,
    date(b.day * 86400, 'unixepoch') AS day,
    date(b.session_from * 86400, 'unixepoch') AS session_from,
    date(b.session_to * 86400, 'unixepoch') AS session_to,
    strftime('%Y-%m-%dT%H:%M:%S', b.known_at / 1000000, 'unixepoch') || CASE WHEN b.known_at % 1000000 = 0 THEN '' ELSE printf('.%06d', b.known_at % 1000000) END || 'Z' AS known_at,
    CAST(b.shares_before AS REAL) AS shares_before,
    CAST(b.shares_after AS REAL) AS shares_after,
    CAST(b.active_shares AS REAL) AS active_shares,
    b.value / 1e2 AS value,
    b.currency AS currency,
    b.weight_before / 1e4 AS weight_before,
    b.weight_after / 1e4 AS weight_after,
    date(b.last_held * 86400, 'unixepoch') AS last_held,
    date(b.last_material * 86400, 'unixepoch') AS last_material,
    b.absence_sessions AS absence_sessions,
    b.absence_days AS absence_days,
    b.uncovered_sessions AS uncovered_sessions,
    CASE WHEN substr(b.claim, 1, 1) = char(31) THEN substr(b.claim, 2) ELSE replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(b.claim, char(11), char(1) || ' increased ' || char(2) || char(3) || ' by ' || char(6) || ' shares (+'), char(12), char(1) || ' decreased ' || char(2) || char(3) || ' by ' || char(6) || ' shares (-'), char(14), char(2) || char(3) || ' left the portfolio of ' || char(1) || ' in session ' || char(7) || ': ' || char(5) || ' shares ('), char(15), char(1) || ' opens ' || char(2) || char(3) || ', first '), char(16), ' %) in session ' || char(7) || ', flow factor '), char(17), ' %) in session ' || char(7) || ': ' || char(4) || ' shares now, '), char(18), ' removed: ' || char(4) || ' shares now, '), char(19), '; file dated ' || char(8) || ' (positions after the close of '), char(20), ') in the file before; held since the file dated '), char(21), ' shares in the file dated '), char(4), coalesce(printf('%,d', abs(b.shares_after)), '')), char(5), coalesce(printf('%,d', abs(b.shares_before)), '')), char(6), coalesce(printf('%,d', abs(b.active_shares)), '')), char(8), coalesce(date(b.as_of * 86400, 'unixepoch'), '')), char(7), coalesce(date(b.session_to * 86400, 'unixepoch'), '')), char(1), coalesce(f.ticker, '')), char(3), coalesce(' (' || CASE WHEN b.listing IS NULL THEN b.ticker ELSE nullif(l.ticker, '') END || ')', '')), char(2), coalesce(CASE WHEN b.listing IS NULL THEN b.name ELSE l.name END, '')) END AS claim,
    CASE b.confidence WHEN 0 THEN 'high' WHEN 1 THEN 'low' END AS confidence,
    'current' AS status
FROM event b
JOIN fund f ON f.id = b.fund
JOIN issuer i ON i.id = b.issuer
JOIN security s ON s.id = b.security
LEFT JOIN listing l ON l.id = b.listing;

CREATE VIEW v_items AS
SELECT
    b.id AS id,
    CASE b.kind WHEN 0 THEN 'INITIATED' WHEN 1 THEN 'INITIATED_AT_ISSUER' WHEN 2 THEN 'RE_ENTERED' WHEN 3 THEN 'RESUMED' WHEN 4 THEN 'EXITED' WHEN 5 THEN 'INCREASED' WHEN 6 THEN 'DECREASED' WHEN 7 THEN 'SPLIT' WHEN 8 THEN 'IDENTIFIER_CHANGE' WHEN 9 THEN 'TICKER_CHANGED' WHEN 10 THEN 'RENAMED' WHEN 11 THEN 'SUCCESSOR' WHEN 12 THEN 'CONVERTED' WHEN 13 THEN 'POSSIBLE_CONVERSION' WHEN 14 THEN 'SPIN_OFF_RECEIVED' WHEN 15 THEN 'CRUMB_REMOVED' WHEN 16 THEN 'REBALANCE' WHEN 17 THEN 'FUND_CLOSED' WHEN 18 THEN 'FLIPPED' WHEN 19 THEN 'ROLLED' WHEN 20 THEN 'MATURED' WHEN 21 THEN 'CORPORATE_ACTION' WHEN 22 THEN 'CASH_VEHICLE' END AS kind,
    i.code AS issuer,
    b.funds AS funds,
    s.public AS security,
    CASE WHEN b.listing IS NULL THEN b.name ELSE l.name END AS name,
    CASE WHEN b.listing IS NULL THEN b.ticker ELSE nullif(l.ticker, '') END AS ticker,
    date(b.as_of * 86400, 'unixepoch') AS as_of,
    date(b.day * 86400, 'unixepoch') AS day,
    CASE b.severity WHEN 0 THEN 'high' WHEN 1 THEN 'normal' WHEN 2 THEN 'low' END AS severity,
    b.score AS score,
    date(b.session_from * 86400, 'unixepoch') AS session_from,
    date(b.session_to * 86400, 'unixepoch') AS session_to,
    strftime('%Y-%m-%dT%H:%M:%S', b.known_at / 1000000, 'unixepoch') || CASE WHEN b.known_at % 1000000 = 0 THEN '' ELSE printf('.%06d', b.known_at % 1000000) END || 'Z' AS known_at,
    CAST(b.shares_before AS REAL) AS shares_before,
    CAST(b.shares_after AS REAL) AS shares_after,
    CAST(b.active_shares AS REAL) AS active_shares,
    b.value / 1e2 AS value,
    b.currency AS currency,
    b.weight_before / 1e4 AS weight_before,
    b.weight_after / 1e4 AS weight_after,
    date(b.last_held * 86400, 'unixepoch') AS last_held,
    date(b.last_material * 86400, 'unixepoch') AS last_material,
    b.absence_sessions AS absence_sessions,
    b.absence_days AS absence_days,
    b.uncovered_sessions AS uncovered_sessions,
    CASE WHEN substr(b.claim, 1, 1) = char(31) THEN substr(b.claim, 2) ELSE replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(b.claim, char(11), char(1) || ' adds to ' || char(2) || char(3) || ': ' || char(6) || ' shares beyond the flows, $'), char(12), char(1) || ' reduces ' || char(2) || char(3) || ': ' || char(6) || ' shares beyond the flows, $'), char(14), char(1) || ' adds to ' || char(2) || char(3) || ': ' || char(6) || ' shares, $'), char(15), char(1) || ' reduces ' || char(2) || char(3) || ': ' || char(6) || ' shares, $'), char(16), '; ' || char(5) || ' before, ' || char(4) || ' now'), char(17), char(1) || ' opens ' || char(2) || char(3) || ', first '), char(18), ' of the sessions since have a file'), char(19), '. Our records of '), char(20), ' in our records'), char(21), '. The files do not say why it left.'), char(4), coalesce(printf('%,d', abs(b.shares_after)), '')), char(5), coalesce(printf('%,d', abs(b.shares_before)), '')), char(6), coalesce(printf('%,d', abs(b.active_shares)), '')), char(8), coalesce(date(b.as_of * 86400, 'unixepoch'), '')), char(7), coalesce(date(b.session_to * 86400, 'unixepoch'), '')), char(1), coalesce(b.funds, '')), char(3), coalesce(' (' || CASE WHEN b.listing IS NULL THEN b.ticker ELSE nullif(l.ticker, '') END || ')', '')), char(2), coalesce(CASE WHEN b.listing IS NULL THEN b.name ELSE l.name END, '')) END AS claim,
    CASE b.confidence WHEN 0 THEN 'high' WHEN 1 THEN 'low' END AS confidence,
    'current' AS status
FROM item b
JOIN issuer i ON i.id = b.issuer
JOIN security s ON s.id = b.security
LEFT JOIN listing l ON l.id = b.listing;

CREATE VIEW v_flows AS
SELECT
    i.code AS issuer,
    f.ticker AS fund,
    date(w.as_of * 86400, 'unixepoch') AS as_of,
    date(o.as_of * 86400, 'unixepoch') AS previous,
    date(w.session_from * 86400, 'unixepoch') AS session_from,
    date(w.session_to * 86400, 'unixepoch') AS session_to,
    w.gap AS gap,
    CAST(w.factor AS REAL) AS flow_factor,
    w.units AS units,
    w.lines AS lines,
    w.unchanged AS unchanged,
    w.in_flow AS in_flow,
    w.in_groups AS in_groups,
    w.active AS active,
    w.rebalance AS rebalance,
    w.confidence AS confidence
FROM flow w
JOIN snapshot o ON o.fund = w.fund AND o.id = w.previous
JOIN fund f ON f.id = w.fund
JOIN issuer i ON i.id = f.issuer;

CREATE VIEW v_trades AS
SELECT
    i.code AS issuer,
    f.ticker AS fund,
    date(w.as_of * 86400, 'unixepoch') AS as_of,
    date(w.session_from * 86400, 'unixepoch') AS session_from,
    date(w.session_to * 86400, 'unixepoch') AS session_to,
    s.public AS security,
    l.name AS name,
    l.ticker AS ticker,
    l.identifier AS identifier,
    d.label AS label,
    CAST(d.shares_before AS REAL) AS shares_before,
    CAST(d.shares_after AS REAL) AS shares_after,
    d.split AS split,
    CAST(w.factor AS REAL) AS flow_factor,
    w.units AS units,
    CAST(d.active_shares AS REAL) AS active_shares,
    d.value / 1e2 AS value,
    round(d.value * 1.0 / nullif(n.value, 0), 8) AS share_of_fund,
    n.currency AS currency,
    w.confidence AS confidence
FROM trade d
JOIN flow w ON w.fund = d.fund AND w.snapshot = d.snapshot
JOIN snapshot n ON n.fund = d.fund AND n.id = d.snapshot
JOIN fund f ON f.id = d.fund
JOIN issuer i ON i.id = f.issuer
JOIN security s ON s.id = d.security
JOIN listing l ON l.id = d.listing;

CREATE VIEW v_coverage AS
SELECT
    i.code AS issuer,
    f.ticker AS fund,
    f.name AS name,
    date(c.first * 86400, 'unixepoch') AS first,
    date(c.last * 86400, 'unixepoch') AS last,
    coalesce(c.files, 0) AS files,
    (SELECT count(*) FROM session x WHERE x.calendar = f.calendar AND x.day BETWEEN c.first_session AND c.last_session) AS sessions,
    coalesce(c.covered, 0) AS covered,
    (SELECT count(*) FROM standing q WHERE q.fund = f.id AND q.standing = 'quarantined') AS quarantined,
    (SELECT count(*) FROM refusal r WHERE r.fund = f.id) AS refused,
    date(f.closed * 86400, 'unixepoch') AS closed
FROM fund f
JOIN issuer i ON i.id = f.issuer
LEFT JOIN (
    SELECT t.fund, min(t.as_of) AS first, max(t.as_of) AS last, count(*) AS files,
        min(t.pos_session) AS first_session, max(t.pos_session) AS last_session,
        count(DISTINCT t.pos_session) AS covered
    FROM standing t
    WHERE t.standing = 'accepted'
    GROUP BY t.fund
) c ON c.fund = f.id;

CREATE VIEW v_deliveries AS
SELECT
    d.id AS id,
    d.item AS item,
    d.revision AS revision,
    CASE b.kind WHEN 0 THEN 'INITIATED' WHEN 1 THEN 'INITIATED_AT_ISSUER' WHEN 2 THEN 'RE_ENTERED' WHEN 3 THEN 'RESUMED' WHEN 4 THEN 'EXITED' WHEN 5 THEN 'INCREASED' WHEN 6 THEN 'DECREASED' WHEN 7 THEN 'SPLIT' WHEN 8 THEN 'IDENTIFIER_CHANGE' WHEN 9 THEN 'TICKER_CHANGED' WHEN 10 THEN 'RENAMED' WHEN 11 THEN 'SUCCESSOR' WHEN 12 THEN 'CONVERTED' WHEN 13 THEN 'POSSIBLE_CONVERSION' WHEN 14 THEN 'SPIN_OFF_RECEIVED' WHEN 15 THEN 'CRUMB_REMOVED' WHEN 16 THEN 'REBALANCE' WHEN 17 THEN 'FUND_CLOSED' WHEN 18 THEN 'FLIPPED' WHEN 19 THEN 'ROLLED' WHEN 20 THEN 'MATURED' WHEN 21 THEN 'CORPORATE_ACTION' WHEN 22 THEN 'CASH_VEHICLE' END AS kind,
    i.code AS issuer,
    s.public AS security,
    d.channel AS channel,
    d.severity AS severity,
    d.state AS state,
    d.attempts AS attempts,
    d.created_at AS created_at,
    d.due_at AS due_at,
    d.sent_at AS sent_at,
    d.error AS error
FROM delivery d
LEFT JOIN item b ON b.id = d.item
LEFT JOIN issuer i ON i.id = b.issuer
LEFT JOIN security s ON s.id = b.security;

CREATE VIEW v_snapshots AS
SELECT
    i.code AS issuer,
    f.ticker AS fund,
    date(n.as_of * 86400, 'unixepoch') AS as_of,
    n.id % 256 AS number,
    date(t.pos_session * 86400, 'unixepoch') AS pos_session,
    t.standing AS standing,
    t.convention AS convention,
    t.reasons AS reasons,
    t.warnings AS cautions,
    n.warnings AS notes,
    n.operator AS operator,
    n.arrival AS arrival,
    n.known_at AS known_at,
    n.published_from AS published_from,
    n.published_to AS published_to,
    n.lines AS lines,
    n.positions AS positions,
    n.unread AS unread,
    n.value / 1e2 AS value,
    n.weight / 1e4 AS weight,
    n.currency AS currency,
    n.place AS place,
    n.sha256 AS sha256,
    date(n.announced * 86400, 'unixepoch') AS announced,
    n.dated_by AS dated_by
FROM snapshot n
JOIN fund f ON f.id = n.fund
JOIN issuer i ON i.id = f.issuer
LEFT JOIN standing t ON t.fund = n.fund AND t.snapshot = n.id;

CREATE VIEW v_refusals AS
SELECT
    r.id AS id,
    i.code AS issuer,
    f.ticker AS fund,
    r.code AS code,
    r.text AS text,
    r.place AS place,
    r.sha256 AS sha256,
    r.first_at AS first_at,
    r.last_at AS last_at,
    r.times AS times
FROM refusal r
JOIN issuer i ON i.id = r.issuer
LEFT JOIN fund f ON f.id = r.fund;

CREATE VIEW v_identifiers AS
SELECT
    i.code AS issuer,
    f.ticker AS fund,
    r.public AS security,
    s.public AS identity,
    x.kind AS kind,
    x.value AS value,
    date(x.first * 86400, 'unixepoch') AS valid_from,
    date(x.last * 86400, 'unixepoch') AS valid_to,
    'file' AS source,
    x.confidence AS confidence,
    CASE WHEN x.users > 1 THEN 1 ELSE 0 END AS reused,
    x.conflict AS conflict
FROM (
    WITH RECURSIVE up (fund, security, root) AS (
        SELECT k.fund, k.later, k.earlier FROM link k
        UNION
        SELECT up.fund, up.security, k.earlier FROM up JOIN link k ON k.fund = up.fund AND k.later = up.root
    ), top (fund, security, root) AS (
        SELECT up.fund, up.security, min(up.root) FROM up
        WHERE NOT EXISTS (SELECT 1 FROM link k WHERE k.fund = up.fund AND k.later = up.root)
        GROUP BY up.fund, up.security
    ), seen (fund, security, listing, first, last) AS (
        SELECT h.fund, h.security, h.listing, min(t.as_of), max(t.as_of)
        FROM holding h
        JOIN standing t ON t.fund = h.fund AND t.snapshot = h.snapshot AND t.standing = 'accepted'
        GROUP BY h.fund, h.security, h.listing
    ), said (fund, security, kind, value, confidence, first, last) AS (
        SELECT n.fund, n.security, 'name', l.name, 'printed', n.first, n.last
        FROM seen n JOIN listing l ON l.id = n.listing WHERE l.name <> ''
        UNION ALL
        SELECT n.fund, n.security, 'ticker', l.ticker, 'printed', n.first, n.last
        FROM seen n JOIN listing l ON l.id = n.listing WHERE l.ticker <> ''
        UNION ALL
        SELECT n.fund, n.security, d.scheme, d.value, 'verified', n.first, n.last
        FROM seen n JOIN identifier d ON d.security = n.security
    ), spoken (fund, security, root, kind, value, confidence, first, last) AS (
        SELECT a.fund, a.security, coalesce(top.root, a.security), a.kind, a.value, a.confidence,
            min(a.first), max(a.last)
        FROM said a LEFT JOIN top ON top.fund = a.fund AND top.security = a.security
        GROUP BY a.fund, a.security, coalesce(top.root, a.security), a.kind, a.value, a.confidence
    ), spans AS (
        SELECT p.*, min(p.first) OVER same AS begun, max(p.last) OVER same AS ended
        FROM spoken p WINDOW same AS (PARTITION BY p.fund, p.root, p.kind, p.value)
    ), shared AS (
        SELECT q.*, dense_rank() OVER others AS place,
            max(q.ended) OVER (others GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier,
            min(q.begun) OVER (others GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS later
        FROM spans q WINDOW others AS (PARTITION BY q.fund, q.kind, q.value ORDER BY q.begun, q.root)
    )
    SELECT w.fund, w.security, w.root, w.kind, w.value, w.confidence, w.first, w.last,
        max(w.place) OVER (PARTITION BY w.fund, w.kind, w.value) AS users,
        CASE WHEN w.kind <> 'name' AND (w.earlier >= w.begun OR w.later <= w.ended) THEN 1 ELSE 0 END AS conflict
    FROM shared w
) x
JOIN fund f ON f.id = x.fund
JOIN issuer i ON i.id = f.issuer
JOIN security s ON s.id = x.security
JOIN security r ON r.id = x.root;

CREATE VIEW v_presence AS
SELECT
    i.code AS issuer,
    f.ticker AS fund,
    date(c.as_of * 86400, 'unixepoch') AS as_of,
    date(c.session * 86400, 'unixepoch') AS pos_session,
    c.source AS source,
    c.complete AS complete,
    s.public AS security,
    p.names AS names,
    p.ids AS ids,
    p.state AS state,
    CAST(p.shares AS REAL) AS shares,
    CAST(p.value AS REAL) AS value,
    CAST(p.weight AS REAL) AS weight,
    c.known_at AS known_at,
    c.place AS place,
    c.sha256 AS sha256
FROM presence p
JOIN schedule c ON c.fund = p.fund AND c.sha256 = p.sha256
JOIN fund f ON f.id = p.fund
JOIN issuer i ON i.id = f.issuer
LEFT JOIN security s ON s.key = p.key;

CREATE VIEW v_incidents AS
SELECT
    c.id AS id,
    c.subject AS subject,
    c.kind AS kind,
    c.opened_at AS opened_at,
    c.closed_at AS closed_at,
    c.headline AS headline,
    c.detail AS detail,
    c.notice AS notice
FROM incident c;

CREATE VIEW v_mutes AS
SELECT
    m.id AS id,
    m.scope AS scope,
    m.value AS value,
    m.label AS label,
    m.channel AS channel,
    m.until AS until,
    m.at AS at,
    m.by AS by,
    m.note AS note,
    m.ended_at AS ended_at
FROM mute m;
