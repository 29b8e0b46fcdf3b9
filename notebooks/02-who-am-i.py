# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lesson:
#     minutes: 20
#     covers:
#     - base.https
#     - base.operations
#     - auth.required
#     - auth.header
#     - auth.token
#     - auth.prefix
#     - auth.live
#     - auth.dashboard
#     - auth.endpoint
#     - status.account
#     - errors.always
#     - errors.body
#     - errors.401
#     - errors.403
#     - errors.403.keys
#     - errors.404
# ---

# %% [markdown]
# # Who am I to the API?
#
# **Whoever holds the key: without one, or with one that is not valid, 401; with one that may not do this, 403.**
#
# *About twenty minutes. Needs nothing but this notebook; it helps to have seen [lesson 01](01-first-mail.ipynb).*

# %%
from justemails_lessons import Lab, Matrix, holds

lab = Lab(seed=2)

# %% [markdown]
# ## Nobody
#
# Every request says who asks, in its header `Authorization`. This one leaves the header out.
#
# **Predict:** what comes back: an empty list, or a refusal? And will the answer say what is missing?

# %%
nobody = lab.get("/messages", key=None)
nobody

# %% [markdown]
# ### What just happened?
#
# **401**, *Unauthorized*: the API does not know who you are. The body is JSON, as it is for every error: `error` is a word
# for programs, `message` a sentence for people, and the sentence says what to send.
#
# What is asked for is a *bearer* token: whoever carries it is let in, like a key to a house. There is no name and no
# password beside it. The token is an **API key**, and the lab holds one in `lab.key`.

# %% [markdown]
# ## Almost right
#
# **Predict:** each of these has the key in it, or nearly. Which of them get in?

# %%
requests = lab.requests  # in a program of yours: import requests
BASE = "https://justemails.app/api/v1"

headers = {
    "Basic, not Bearer": f"Basic {lab.key}",
    "the key alone": lab.key,
    "sk_, not je_": f"Bearer {lab.key.replace('je_', 'sk_')}",
    "one letter changed": f"Bearer {lab.key[:-1]}q",
}
right = f"Bearer {lab.key}"
spelt = {}
for case, header in {**headers, "as it should be": right}.items():
    spelt[case] = requests.get(
        f"{BASE}/messages", headers={"Authorization": header}
    )
{case: answer.status_code for case, answer in spelt.items()}

# %% [markdown]
# ### What just happened?
#
# Only the last one: the word `Bearer`, a space, and the key, letter by letter. All the others are **401**, and with the
# same words: the answer does not tell how near you were, because that would help only those who guess.

# %% jupyter={"source_hidden": true} tags=["check"]
*wrong, good = spelt.values()
holds(
    {
        "without a header it is 401": nobody.status == 401,
        "with every header that is not right it is 401": {
            answer.status_code for answer in wrong
        }
        == {401},
        "Bearer, a space and the key gets in": good.status_code == 200,
        "the body has a word and a sentence": set(nobody.json)
        == {"error", "message"},
        "all these refusals say the same": all(
            answer.json() == nobody.json for answer in wrong
        ),
        "a path that does not exist is 401 too, for somebody without a key": lab.get(
            "/nothing/here", key=None
        ).status
        == 401,
    }
)

# %% [markdown]
# ## Where keys come from
#
# There are two places. One is the dashboard, the web page of the service, where a person makes them; in the lab it is
# `lab.dashboard`. The other is the API itself, with a key that is there already: `POST /api-keys`.
#
# **Predict:** will the two keys look alike?

# %%
laptop = lab.dashboard.add_key("Laptop")
server = lab.post("/api-keys", {"name": "Server"})
opens = {}
for made in (laptop, server):
    status = lab.get("/messages", key=made["key"]).status
    opens[made["name"]] = made["key"][:8] + "...", status
opens

# %% [markdown]
# Both begin with `je_live_`, and both work. (The rest of a key is shown nowhere in this lesson, except the lab's own,
# which opens nothing else.) Now the server's key is *revoked*: taken away for good.

# %%
deleted = lab.delete(f"/api-keys/{server['id']}")
revoked = lab.get("/messages", key=server["key"])
deleted.json, revoked.status

# %% [markdown]
# ### What just happened?
#
# A key that was good a moment ago is now as unknown as one that somebody made up: 401 once more.
# [Lesson 11](11-living-with-keys.ipynb) is about that.

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "the dashboard's key opens the API": opens["Laptop"][1] == 200,
        "so did the one made with POST /api-keys": opens["Server"][1] == 200,
        "both begin with je_live_": {made["key"][:8] for made in (laptop, server)}
        == {"je_live_"},
        "revoked, it is 401, with the same words": revoked.status == 401
        and revoked.json == nobody.json,
    }
)

# %% [markdown]
# ## Known, and yet not allowed
#
# A key need not open every door. In the dashboard it can be given a *scope*: `send` for a key that may only send, `read`
# for one that may only read, `full` for one that may do everything.
#
# **Predict:** the web shop's key may only send. It asks for the list of mails. Is that a 401?

# %%
mail = {
    "from": lab.sender,
    "to": "ann@example.com",
    "subject": "Hi",
    "text": "Hello.",
}
shop = lab.dashboard.add_key("Web shop", scope="send")["key"]
monitor = lab.dashboard.add_key("Monitor", scope="read")["key"]

sent = lab.post("/send", mail, key=shop)
reading = lab.get("/messages", key=shop)
reading.json

# %%
sending = lab.post("/send", mail, key=monitor)
listed = lab.get("/messages", key=monitor)
{
    "shop": {"sends": sent.status, "reads": reading.status},
    "monitor": {"sends": sending.status, "reads": listed.status},
}

# %% [markdown]
# ### What just happened?
#
# **403**, *Forbidden*: the API knows this key, and says no to what it asks. The difference matters to whoever mends it:
#
# - **401**: look at the key. It is missing, misspelt, or revoked.
# - **403**: the key is fine. It takes another key, or another task.

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "a key with the scope send sends, and reads nothing": (
            sent.status,
            reading.status,
        )
        == (200, 403),
        "a key with the scope read reads, and sends nothing": (
            sending.status,
            listed.status,
        )
        == (403, 200),
        "the body of a 403 has a word and a sentence too": set(reading.json)
        == {"error", "message"},
        "its words are not those of a 401": reading.json.get("error")
        not in {None, nobody["error"]},
        "only the shop's mail was taken": listed["pagination"]["total"] == 1,
    }
)

# %% [markdown]
# ## Everybody at every door
#
# The API has six operations: one sends, two read, three manage keys. Here each of the cases so far tries all six, with a
# request that is good in everything but the key.
#
# **Predict:** which row has a 200 in every column? Which operation is open to somebody without a key?

# %%
operations = {
    "POST /send": mail,
    "GET /send/:id": None,
    "GET /messages": None,
    "POST /api-keys": {"name": "One more"},
    "GET /api-keys": None,
    "DELETE /api-keys/:id": None,
}
ids = {"/send/:id": sent["id"], "/api-keys/:id": laptop["id"]}


def try_all(header):
    answers = []
    for operation, body in operations.items():
        method, path = operation.split()
        url = BASE + path.replace(":id", ids.get(path, ""))
        said = {"Authorization": header} if header else {}
        answers.append(requests.request(method, url, headers=said, json=body))
    return answers


cases = {
    "no header": None,
    **headers,
    "a revoked key": f"Bearer {server['key']}",
    "a key to send": f"Bearer {shop}",
    "a key to read": f"Bearer {monitor}",
    "a full key": right,
}
answers = {case: try_all(header) for case, header in cases.items()}
statuses = {case: [one.status_code for one in row] for case, row in answers.items()}
Matrix("Who asks, for what, and what comes back", list(operations), statuses)

# %% [markdown]
# ### What just happened?
#
# Nothing is open to somebody without a valid key: six rows of 401. Below them the three scopes: a key to send opens one
# door, a key to read opens two, a full key all six. Only a full key manages keys, because a key that makes keys could
# make itself another one that may do more.

# %% jupyter={"source_hidden": true} tags=["check"]
refused = [one for row in answers.values() for one in row if one.status_code != 200]
*strangers, sender, reader, full = statuses.values()
holds(
    {
        "each of the six operations needs a key": strangers == [[401] * 6] * 6,
        "a full key may do all six": full == [200] * 6,
        "another path is 404, another method 405": lab.get("/domains").status == 404
        and lab.get("/send").status == 405,
        "a key to send sends, and that is all": sender == [200] + [403] * 5,
        "a key to read reads, and that is all": reader
        == [403, 200, 200, 403, 403, 403],
        "every refusal is JSON with a word and a sentence": all(
            one.headers["Content-Type"].startswith("application/json")
            and set(one.json()) == {"error", "message"}
            for one in refused
        ),
        "nothing that was refused was done: three mails in all": lab.get(
            "/messages"
        )["pagination"]["total"]
        == 3,
    }
)

# %% [markdown]
# ## Somebody else's mail
#
# A key belongs to an *account*, and so do the mails that it sends. A neighbour has an account too, and a good key for it,
# and has come upon the id of our mail.
#
# **Predict:** 401, 403 or 404?

# %%
neighbour = lab.dashboard.add_account("Neighbour")
theirs = lab.dashboard.add_key("Theirs", account=neighbour["id"])["key"]

ours = lab.get(f"/send/{sent['id']}", key=theirs)
unknown = lab.get("/send/msg_nosuchmessage", key=theirs)
{
    "our mail": (ours.status, ours.json),
    "no such mail": (unknown.status, unknown.json),
}

# %% [markdown]
# ### What just happened?
#
# **404**, *Not Found*, and word for word the same as for an id that was never given out. A 403 would have said: this mail
# exists, but not for you. That would be telling already.

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "the neighbour's key is a good one": lab.get("/messages", key=theirs).status
        == 200,
        "our mail is not there for it": ours.status == 404,
        "nor is an unknown one, in the same words": (ours.status, ours.json)
        == (unknown.status, unknown.json),
        "it is there for a key of our own account": lab.get(
            f"/send/{sent['id']}", key=monitor
        )["id"]
        == sent["id"],
    }
)

# %% [markdown]
# ## Why the address begins with https
#
# This is what a request carries in its header. Every request carries it.

# %%
asked = lab.get("/messages")
asked.sent_headers

# %% [markdown]
# **Predict:** somebody sits between you and the API and reads along, once. What more do they need to send mail in your
# name?

# %%
overheard = asked.sent_headers["Authorization"].removeprefix("Bearer ")
in_your_name = lab.post("/send", mail, key=overheard)
in_your_name.status

# %% [markdown]
# ### What just happened?
#
# Nothing more. The key stands in the header as it is; whoever reads it has it, and the API cannot tell the two of you
# apart. So nobody must be able to read along, and that is what HTTPS is for: it encrypts the whole request, the header
# included. What if the `s` is forgotten?

# %%
try:
    lab.curl("curl http://justemails.app/api/v1/messages")
    plain = "somebody answered"
except ConnectionRefusedError as no_answer:
    plain = str(no_answer)
plain

# %% [markdown]
# There is nobody to talk to, so the key is not even sent. A server that answered *come back with https* would be too
# late: to be told so, the client would already have sent the key for everybody to read.

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "the whole key stands in the header": overheard == lab.key,
        "who has read it is taken for you": in_your_name.status == 200,
        "plain HTTP is not offered": plain.startswith("nobody listens"),
        "the same with https is answered": lab.curl(
            f'curl {BASE}/messages -H "Authorization: Bearer $KEY"'
        ).status
        == 200
        and BASE.startswith("https://"),
    }
)

# %% [markdown]
# ## Exercise 2.1
#
# The key is right, and still this program is not let in. Mend its header.

# %% tags=["exercise"]
header = f"Token {lab.key}"  # <- change this value
answer = requests.get(f"{BASE}/messages", headers={"Authorization": header})
lab.exercise("2.1", answer=answer)

# %% jupyter={"source_hidden": true} tags=["solution"]
header = f"Bearer {lab.key}"  # <- change this value
answer = requests.get(f"{BASE}/messages", headers={"Authorization": header})
lab.exercise("2.1", answer=answer)

# %% [markdown]
# ## Exercise 2.2
#
# A status page on a public machine looks up how mails stand. Should its key be stolen, nobody is to send mail with it.
# Choose the scope: `full`, `send` or `read`.

# %% tags=["exercise"]
scope = "full"  # <- change this value
page = lab.dashboard.add_key("Status page", scope=scope).json.get("key")
looked = lab.get(f"/send/{sent['id']}", key=page)
stolen = lab.post("/send", mail, key=page)
lab.exercise("2.2", looked=looked, stolen=stolen)

# %% jupyter={"source_hidden": true} tags=["solution"]
scope = "read"  # <- change this value
page = lab.dashboard.add_key("Status page", scope=scope).json.get("key")
looked = lab.get(f"/send/{sent['id']}", key=page)
stolen = lab.post("/send", mail, key=page)
lab.exercise("2.2", looked=looked, stolen=stolen)

# %% [markdown]
# ## What the document does not say here
#
# - What is looked at first. Here the key: who has none learns nothing else, not even which paths there are (`CHOICE-08`).
# - How exactly the header has to be spelt. Here `bearer` in small letters would do as well, and a key in the query string
#   would not (`CHOICE-09`).
# - How keys come to differ. The document has the 403 and shows no way to get there. Here scopes are chosen in the
#   dashboard (`CHOICE-13`); elsewhere all keys may be alike, and a 403 never seen.
# - What a stranger's id is answered. Here 404; a 403 would keep the promise too (`CHOICE-14`).
# - What becomes of plain HTTP. In the lab nobody listens; the sandbox on your own machine does speak it, but only with
#   programs on that machine (`CHOICE-50`).

# %%
lab.close()
