-- How things were, and from when to when: the runs of a history that follow each other with the same
-- verdict, joined. For DuckDB, in the folder of history.csv:
--
--     duckdb < stretches.sql
WITH runs AS (
    SELECT vantage, method, scope, started_at, verdict, carriers,
           -- In an outage the column is empty, and no number.
           TRY_CAST(rtt_ms AS DOUBLE) AS rtt_ms,
           verdict IS DISTINCT FROM lag(verdict) OVER earlier AS other
    FROM read_csv('history.csv', union_by_name = true, nullstr = '',
                  types = {'vantage': 'VARCHAR', 'carriers': 'VARCHAR'})
    WINDOW earlier AS (PARTITION BY vantage, method, scope ORDER BY started_at)
),
numbered AS (
    SELECT *, count(*) FILTER (other) OVER (
        PARTITION BY vantage, method, scope ORDER BY started_at
    ) AS stretch
    FROM runs
)
SELECT vantage, method, scope, any_value(verdict) AS verdict,
       min(started_at) AS first_run, max(started_at) AS last_run, count(*) AS runs,
       round(median(rtt_ms), 1) AS rtt_ms
FROM numbered
GROUP BY vantage, method, scope, stretch
ORDER BY scope, first_run;
