#!/usr/bin/env python3
"""Keeps the table `clients` of a SQLite database in step with an organization's clients:

    API_KEY=ba_… python3 mirror.py https://…/api/v1 mirror.db

It can be stopped at any time. POLL_SECONDS is the time between two looks for changes (default 5).
"""

import http.client, json, os, sqlite3, sys, time
from urllib import error, parse, request

url, database = sys.argv[1:]
pause = float(os.environ.get("POLL_SECONDS", "5"))
db = sqlite3.connect(database, timeout=60)
with db:
    # A reading is one run through the whole organization, and what has followed since.
    db.execute("CREATE TABLE IF NOT EXISTS clients (id TEXT PRIMARY KEY, version INTEGER, reading INTEGER, json TEXT)")
    db.execute("CREATE TABLE IF NOT EXISTS state (reading INTEGER PRIMARY KEY, cursor TEXT)")
    db.execute("INSERT INTO state SELECT 1, NULL WHERE NOT EXISTS (SELECT * FROM state)")

while True:
    reading, cursor = db.execute("SELECT reading, cursor FROM state").fetchone()
    query = "?" + parse.urlencode({"cursor": cursor}) if cursor else ""
    key = {"Authorization": f"Bearer {os.environ['API_KEY']}"}
    try:
        with request.urlopen(request.Request(f"{url}/clients/changes{query}", headers=key), timeout=30) as answer:
            page = json.load(answer)
    except error.HTTPError as problem:
        if problem.code == 410:  # The cursor has expired: read everything once more.
            with db:
                db.execute("UPDATE state SET reading = reading + 1, cursor = NULL")
        elif problem.code not in (429, 500, 503):
            raise
        time.sleep(float(problem.headers.get("Retry-After", "1")))
        continue
    except (OSError, http.client.HTTPException):  # No connection, or none any more.
        time.sleep(1)
        continue
    with db:  # The changes and the cursor after them, or neither.
        for change in page["changes"]:
            if "deletedAt" in change:
                db.execute("DELETE FROM clients WHERE id = :id AND version < :version", change)
            else:
                # A client that was restored or imported anew can have a lower version than before this reading.
                db.execute("DELETE FROM clients WHERE id = ? AND reading < ?", (change["id"], reading))
                db.execute("INSERT INTO clients VALUES (:id, :version, :reading, :json) ON CONFLICT (id) DO UPDATE "
                           "SET version = :version, json = :json WHERE version < :version",
                           {**change, "reading": reading, "json": json.dumps(change)})
        if not page["hasMore"]:  # What this reading did not give exists no more.
            db.execute("DELETE FROM clients WHERE reading < ?", (reading,))
        db.execute("UPDATE state SET cursor = ?", (page["nextCursor"],))
    if not page["hasMore"]:
        time.sleep(pause)
