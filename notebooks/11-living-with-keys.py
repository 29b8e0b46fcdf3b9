# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lesson:
#     minutes: 30
#     covers:
#     - auth.endpoint
#     - keys.create
#     - keys.create.method
#     - keys.create.path
#     - keys.create.request
#     - keys.create.request.name
#     - keys.create.response
#     - keys.create.response.id
#     - keys.create.response.id.prefix
#     - keys.create.response.name
#     - keys.create.response.key
#     - keys.create.response.createdAt
#     - keys.list
#     - keys.list.all
#     - keys.list.account
#     - keys.list.method
#     - keys.list.path
#     - keys.list.response
#     - keys.list.response.id
#     - keys.list.response.name
#     - keys.list.response.lastUsed
#     - keys.list.secret
#     - keys.revoke
#     - keys.revoke.irreversible
#     - keys.revoke.method
#     - keys.revoke.path
#     - keys.revoke.response
#     - keys.revoke.unknown
#     - keys.revoke.account
#     - limits.keys
#     - limits.retry.true
#     - errors.401
#     - errors.404
#     - errors.429
# ---

# %% [markdown]
# # How do I live with keys?
#
# **One key for each program: look at `lastUsed`, change a key before you have to, and revoke at once what has leaked.**
#
# *About half an hour. Needs nothing but this notebook; it helps to have seen [lesson 02](02-who-am-i.ipynb).*

# %%
from justemails_lessons import KeyLife, KeyLives, Lab, holds

lab = Lab(seed=11)

# %% [markdown]
# ## A new key
#
# A key says who you are, and each program should have one of its own. Then one can be taken away without stopping the
# others. `POST /api-keys` makes a key; all it asks for is a name.
#
# **Predict:** you lose the key tomorrow. Will the API tell it to you again?

# %%
backend = lab.post("/api-keys", {"name": "Production backend"})
backend

# %%
listed = lab.get("/api-keys")
listed.json

# %% [markdown]
# ### What just happened?
#
# The secret is the member `key` of the first answer, and nowhere else. (The card cuts it, as a log of yours should. The
# program that got the answer has all of it.) The list tells the `id` and the `name`, and no secret: the API has kept
# only a fingerprint, by which it recognises the key when it sees it. Who loses a key makes a new one.
#
# *Sandbox* is the key that the lab itself asks with. And `lastUsed` is `None`, JSON's `null`: the backend has not used
# its key yet.

# %% jupyter={"source_hidden": true} tags=["check"]
first = listed["data"][0]
asked = [(one.method, one.path, one.status) for one in (backend, listed)]
holds(
    {
        "POST /api-keys makes one, GET /api-keys lists them": asked
        == [("POST", "/api/v1/api-keys", 200), ("GET", "/api/v1/api-keys", 200)],
        "a name is all that it needs": backend.sent
        == {"name": "Production backend"},
        "the answer has these four members": set(backend.json)
        == {"id", "name", "key", "createdAt"},
        "the id begins with key_": backend["id"].startswith("key_"),
        "the name is the one that was given": backend["name"]
        == "Production backend",
        "the secret begins with je_live_": backend["key"].startswith("je_live_"),
        "createdAt is the time of the request": backend["createdAt"]
        == f"{lab.now:%Y-%m-%dT%H:%M:%SZ}",
        "the list has only data": set(listed.json) == {"data"},
        "an item has the id, the name and lastUsed, and nothing else": first
        == {
            "id": backend["id"],
            "name": "Production backend",
            "lastUsed": None,
        },
        "the secret is nowhere in the list": backend["key"] not in str(listed.json),
    }
)

# %% [markdown]
# ## When was it last used?
#
# **Predict:** the key is used at 12:10, and we look at 12:00, at 12:10 and at 12:15. What does `lastUsed` say each time?


# %%
def last_used(made):
    for key in lab.get("/api-keys")["data"]:
        if key["id"] == made["id"]:
            return key["lastUsed"]
    return "not in the list"


looks = [last_used(backend)]
lab.advance("10m")
opened = lab.get("/messages", key=backend["key"])
looks.append(last_used(backend))
lab.advance("5m")
looks.append(last_used(backend))
looks

# %% [markdown]
# ### What just happened?
#
# It moves with each use, and stands still when there is none. So it answers the question that everybody asks sooner or
# later, in front of a long list: does anything still use this key?

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "the new key opens the API": opened.status == 200,
        "before the first use lastUsed has no time": looks[0] is None,
        "then it is the time of the use": looks[1] == "2026-04-06T12:10:00Z",
        "without another use it stays": looks[2] == looks[1],
    }
)

# %% [markdown]
# ## A change without a gap
#
# Keys end up in backups, in logs and in the heads of people who leave, so they should be changed from time to time; the
# usual word for it is *rotation*. A shop has two servers, and both send mail with the same key. They cannot be given a new
# one in the same instant: the first gets it at minute 20, the second at minute 35.
#
# **Predict:** in which order do you make the new key, hand it out and revoke the old one, so that no mail is refused?
#
# Three small functions do what has to be done with a key, and note when it was done:

# %%
mail = {
    "from": lab.sender,
    "to": "ann@example.com",
    "subject": "Hi",
    "text": "Hello.",
}


def create(name):
    made = lab.post("/api-keys", {"name": name})
    return made, KeyLife(name, lab.now)


def send(made, life):
    answer = lab.post("/send", mail, key=made["key"])
    life.uses.append((lab.now, answer.status))


def revoke(made, life):
    life.revoked = lab.now
    return lab.delete(f"/api-keys/{made['id']}")


# %% [markdown]
# And this is the hour. Both servers send every five minutes, one a little after the other; now and then somebody looks up
# when the old key was last used.


# %%
def change_keys(revoke_at):
    old, old_life = create("old key")
    looks = []
    for minute in range(0, 60, 5):
        if minute == 10:
            new, new_life = create("new key")
        if minute == revoke_at:
            revoke(old, old_life)
        if minute in (20, 30, 40, 50):
            looks.append((f"{lab.now:%H:%M}", last_used(old)))
        for has_it_at in (20, 35):
            if minute < has_it_at:
                send(old, old_life)
            else:
                send(new, new_life)
            lab.advance("150s")
    return old_life, new_life, looks


old_life, new_life, looks = change_keys(revoke_at=55)
KeyLives("A change of keys on two servers", [old_life, new_life], lab.now)

# %%
looks

# %% [markdown]
# ### What just happened?
#
# For three quarters of an hour both keys work, and that is the trick. The new one is made first; the servers change over
# when it suits them; the old one stays until nobody needs it. How do you know when that is? By the looks (the time of each,
# and what `lastUsed` was then): in the last two it is the same. The old key has come to a stand. Then it is revoked, and
# nobody notices.

# %% jupyter={"source_hidden": true} tags=["check"]
sends = old_life.uses + new_life.uses
told = [said for _, said in looks]
holds(
    {
        "no mail was refused, of 24": [status for _, status in sends] == [200] * 24,
        "both keys worked side by side": new_life.uses[0] < old_life.uses[-1],
        "while the old key was used, lastUsed moved": told[0] < told[1] < told[2],
        "then it stood still, at the last use": told[3]
        == told[2]
        == f"{old_life.uses[-1][0]:%Y-%m-%dT%H:%M:%SZ}",
    }
)

# %% [markdown]
# ## Gone for good
#
# `DELETE /api-keys/:id` revokes a key. Now the backend's.
#
# **Predict:** what is the answer to the same `DELETE` a second time? To one with an id that does not exist? To one with
# the id of a key in somebody else's account?

# %%
neighbour = lab.dashboard.add_account("Neighbour")
theirs = lab.dashboard.add_key("Theirs", account=neighbour["id"])

revoked = lab.delete(f"/api-keys/{backend['id']}")
used = lab.get("/messages", key=backend["key"])
again = lab.delete(f"/api-keys/{backend['id']}")
unknown = lab.delete("/api-keys/key_nosuchkey")
not_ours = lab.delete(f"/api-keys/{theirs['id']}")

{
    "revoke it": (revoked.status, revoked.json),
    "use it": used.status,
    "revoke it again": (again.status, again.json.get("message")),
    "an unknown id": (unknown.status, unknown.json.get("message")),
    "a neighbour's key": (not_ours.status, not_ours.json.get("message")),
}

# %% [markdown]
# ### What just happened?
#
# The answer is `deleted: true`, and from then on the key is as unknown as any other row of letters: **401**. What is
# revoked is not there any more, so revoking it again is **404**, as it is for an id that never was. And the neighbour's key
# is nobody's business but theirs: it still works, and we are told the same 404.
#
# There is no way back, not even for the owner. A new key may have the same name; it is another key all the same.

# %%
lab.advance("7d")
same_name = lab.post("/api-keys", {"name": "Production backend"})
a_week_later = lab.get("/messages", key=backend["key"])
a_week_later.status, same_name["key"] == backend["key"]

# %% jupyter={"source_hidden": true} tags=["check"]
ours = [key["id"] for key in lab.get("/api-keys")["data"]]
holds(
    {
        "the answer is deleted, true": revoked.json == {"deleted": True},
        "it was a DELETE of /api-keys/ and the id": revoked.method == "DELETE"
        and revoked.path == f"/api/v1/api-keys/{backend['id']}",
        "from then on the key is 401": used.status == 401,
        "a second time it is 404": again.status == 404,
        "an unknown id is 404": unknown.status == 404,
        "a key of another account is 404": not_ours.status == 404,
        "the neighbour's key still works": lab.get(
            "/messages", key=theirs["key"]
        ).status
        == 200,
        "their key is not in our list": theirs["id"] not in ours,
        "nor is the revoked one": backend["id"] not in ours,
        "a week later the revoked one is still 401": a_week_later.status == 401,
        "the new one of its name works": lab.get(
            "/messages", key=same_name["key"]
        ).status
        == 200
        and same_name["id"] != backend["id"],
    }
)

# %% [markdown]
# ## Mail that is on its way
#
# **Predict:** a mail is queued, because the recipient's server wants it later. Then the key that sent it is revoked. Will
# the mail arrive?

# %%
job, job_life = create("Job")
waiting = lab.post("/send", {**mail, "to": "ann@greylist.test"}, key=job["key"])
lab.advance("5s")
revoke(job, job_life)
before = lab.get(f"/send/{waiting['id']}")["status"]
lab.advance("10m")
after = lab.get(f"/send/{waiting['id']}")["status"]
before, after

# %% [markdown]
# ### What just happened?
#
# It arrives. The key was looked at when the mail was handed in; from then on it is a mail of the *account*. To revoke a
# key stops what would come next, and takes nothing back.

# %% [markdown]
# ## A leak
#
# The key of a test job was pushed to a public repository. Somebody has found it, and has twenty minutes before we notice.
#
# **Predict:** what can they do with it?

# %%
leaked, leaked_life = create("Test job")
yesterday = {key["id"] for key in lab.get("/api-keys")["data"]}
lab.advance("8m")

letters = lab.get("/messages", key=leaked["key"])["data"]
own = lab.post("/api-keys", {"name": "Test job"}, key=leaked["key"])
own_life = KeyLife("the intruder's", lab.now)


def intruder(minutes):
    for _ in range(0, minutes, 4):
        lab.advance("2m")
        send(leaked, leaked_life)
        send(own, own_life)
        lab.advance("2m")


intruder(minutes=20)
{
    "people we write to": sorted({letter["to"] for letter in letters}),
    "mails in our name": len(leaked_life.uses) + len(own_life.uses),
    "a key of their own": own.status == 200,
}

# %% [markdown]
# They know whom we write to, they send mail in our name, and they have made a key for themselves. Now we notice, and
# revoke the leaked key.
#
# **Predict:** is it over?

# %%
revoke(leaked, leaked_life)
intruder(minutes=16)
{life.name: life.uses[-1][1] for life in (leaked_life, own_life)}

# %% [markdown]
# The leaked key is 401, and theirs goes on. It was made with the leaked key, but it is a key like any other, and its name
# is no help: they gave it the name of ours. Its id gives it away. It was not in yesterday's list:

# %%
today = lab.get("/api-keys")["data"]
strangers = [key for key in today if key["id"] not in yesterday]
rows = []
for key in today:
    new = "NEW" if key in strangers else ""
    rows.append(f"{new:<4} {key['name']:<20} {key['lastUsed']}")
print("\n".join(rows))

# %%
for key in strangers:
    revoke(key, own_life)
intruder(minutes=16)
KeyLives("A leak: two keys in the wrong hands", [leaked_life, own_life], lab.now)

# %% [markdown]
# ### What just happened?
#
# The picture has the quarter of an hour in which we thought that it was over. So after a leak: revoke the key, *then look
# at the list*, and revoke what nobody of you has made.
#
# Most of this would not have happened with a key that may do less. The test job only sends, so a key with the scope
# `send`, from the dashboard, is enough for it:

# %%
narrow = lab.dashboard.add_key("Test job", scope="send")["key"]
reads = lab.get("/messages", key=narrow)
makes = lab.post("/api-keys", {"name": "Test job"}, key=narrow)
reads.status, makes.status

# %% jupyter={"source_hidden": true} tags=["check"]
by_leaked = [status for _, status in leaked_life.uses]
by_own = [status for _, status in own_life.uses]
holds(
    {
        "mail that was queued with a revoked key is delivered": (before, after)
        == ("queued", "delivered"),
        "the leaked key sent until it was revoked, and never again": by_leaked
        == [200] * 5 + [401] * 8,
        "a key made with it outlived it": by_own == [200] * 9 + [401] * 4,
        "the list shows it, under the name of ours": [
            (key["id"], key["name"]) for key in strangers
        ]
        == [(own["id"], "Test job")],
        "a key to send reads no mail and makes no key": reads.status
        == makes.status
        == 403,
    }
)

# %% [markdown]
# ## Sixty keys and ten calls
#
# Somebody made a key for each test run, and removed none. Managing keys is limited to ten calls in a minute for each key.
#
# **Predict:** is the list of all of them cut into pages? And how long will it take to revoke all sixty?

# %%
for number in range(60):
    lab.dashboard.add_key(f"Run {number}")
lab.advance("1m")

full_list = lab.get("/api-keys").json
runs = [key for key in full_list["data"] if key["name"].startswith("Run ")]
calls, waits = [1], []  # the list was the first call
left = list(runs)
while left:
    answer = lab.delete(f"/api-keys/{left[0]['id']}")
    if answer.status == 429:
        waits.append(answer.retry_after)
        calls.append(0)
        lab.advance(f"{answer.retry_after}s")
    else:
        calls[-1] += 1
        left.pop(0)
{"in one list": len(runs), "calls that passed": calls, "seconds waited": waits}

# %% [markdown]
# ### What just happened?
#
# The list is one answer, however long it is. Ten calls pass, the list being the first; the eleventh is **429**, and its
# header `Retry-After` tells how long to wait. Whoever waits so long gets through, and sixty keys take six minutes.
# ([Lesson 07](07-how-many-requests.ipynb) is about these limits.) So where it matters which key goes first, revoke that one
# first, and tidy up afterwards.

# %% jupyter={"source_hidden": true} tags=["check"]
ids_left = {key["id"] for key in lab.get("/api-keys")["data"]}
holds(
    {
        "the list has all sixty, and no pages": len(runs) == 60
        and set(full_list) == {"data"},
        "ten calls pass, and the eleventh does not": calls == [10] * 6 + [1],
        "it is told to wait a minute, and that is enough": waits == [60] * 6,
        "in the end every one of them is gone": not ids_left
        & {key["id"] for key in runs},
    }
)

# %% [markdown]
# ## Exercise 11.1
#
# Three programs have used their keys for five days, each at its own pace. One of them was switched off and forgotten. The
# cell below plays the five days, and ends with what `lastUsed` says of each. Name the one key that nobody needs any more:
# it is revoked, and two more days are played.

# %%
every = {"Shop": 1, "Invoices": 24, "Newsletter": None}  # hours between two uses


def five_days():
    lab.advance("1m")
    keys = {name: lab.post("/api-keys", {"name": name}) for name in every}
    for made in keys.values():
        lab.get("/messages", key=made["key"])
    run(keys, hours=120)
    return keys


def run(keys, hours):
    refused = set()
    for hour in range(hours):
        lab.advance("1h")
        for name, pause in every.items():
            if pause and hour % pause == 0:
                answer = lab.get("/messages", key=keys[name]["key"])
                if answer.status == 401:
                    refused.add(name)
    return refused


keys = five_days()
{"now": f"{lab.now:%Y-%m-%dT%H:%M:%SZ}"} | {
    name: last_used(made) for name, made in keys.items()
}

# %% tags=["exercise"]
name = "Invoices"  # <- change this value
keys = five_days()
lab.delete(f"/api-keys/{keys[name]['id']}")
lab.exercise("11.1", refused=run(keys, hours=48))

# %% jupyter={"source_hidden": true} tags=["solution"]
name = "Newsletter"  # <- change this value
keys = five_days()
lab.delete(f"/api-keys/{keys[name]['id']}")
lab.exercise("11.1", refused=run(keys, hours=48))

# %% [markdown]
# ## Exercise 11.2
#
# The change of keys once more, with the same two servers: they have the new key at minutes 20 and 35. You need not be so
# patient this time. Revoke the old key as early as you can without a refused mail, at one of the minutes 0, 5, 10, up to
# 55.

# %% tags=["exercise"]
minute = 15  # <- change this value
old_life, new_life, _ = change_keys(revoke_at=minute)
lab.exercise("11.2", old=old_life)

# %% jupyter={"source_hidden": true} tags=["solution"]
minute = 35  # <- change this value
old_life, new_life, _ = change_keys(revoke_at=minute)
lab.exercise("11.2", old=old_life)

# %% [markdown]
# ## What the document does not say here
#
# - When a revocation takes hold, and what becomes of mail that is queued. Here at once, and it is still delivered
#   (`CHOICE-16`). A key may also revoke itself, and the last key of an account may be revoked.
# - Whether revoked keys stay in the list, and in which order it is. Here live keys alone, the newest first (`CHOICE-46`).
# - What counts as a use. Here every request with a valid key, also one that is then refused with a 403 or a 422, and to the
#   second (`CHOICE-47`).
# - Whether two keys may have one name. Here they may, and there may be any number of keys (`CHOICE-48`).
# - What is kept of a key. Here a fingerprint alone (`CHOICE-02`).
# - What another account's key is answered. Here 404 (`CHOICE-14`); whether listing keys is managing. Here it is
#   (`CHOICE-31`); and that a key can be limited to sending at all (`CHOICE-13`).

# %%
lab.close()
