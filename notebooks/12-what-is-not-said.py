# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lesson:
#     minutes: 20
#     covers:
#     - base.success
#     - base.https
#     - messages.data.more
#     - errors.400
#     - errors.body.error
#     - errors.body.message
#     - errors.example
#     - keys.list.response.lastUsed
#     - keys.revoke.response
# ---

# %% [markdown]
# # What does the document not say?
#
# **Fifty-six things so far: for each there is a numbered choice here, another server may choose otherwise, and no judge holds it against it.**
#
# *About twenty minutes. It helps to have seen a few of the lessons before, since each of them ends with such silences.*

# %%
from justemails_lessons import Lab, Readings, choices, holds

lab = Lab(seed=12)

# %% [markdown]
# ## A silence, and what becomes of it
#
# An API document is never whole: whoever writes a server has to decide things that it does not mention. The honest way is
# to write each decision down, with the other ways there were. Here every one has a number.

# %%
everything = choices()
numbered = {one.number: one for one in everything.entries}
numbered["CHOICE-01"]

# %% [markdown]
# ### What just happened?
#
# That is a whole entry. The **point** is what the document leaves open, the **options** are what servers might do, the
# **pick** is what this one does, and **why**. The last part is what matters for everybody else: how a **judge** takes it
# when another server does something else.
#
# That last part can be tried. [Lesson 13](13-judging-a-server.ipynb) explains the judge; here it is enough that it asks a
# server some sixty questions, and that a *layer* makes another server of ours by changing its answers.
#
# **Predict:** here are eight servers, each of which reads the document in its own way. How many of them break a promise?
# (Each is made by a function of three lines, in the cell that is folded away.)


# %% jupyter={"source_hidden": true} tags=["folded"]
def other_numbers(method, path, status, body):
    return (201 if status == 200 and method == "POST" else status), body


def other_words(method, path, status, body):
    if status >= 400:
        body["error"] = "error_" + body["error"].lower()
    return status, body


def only_422(method, path, status, body):
    return (422 if status == 400 else status), body


def oldest_first(method, path, status, body):
    if path == "/messages" and status == 200:
        body["data"].reverse()
    return status, body


def own_statuses(method, path, status, body):
    if path.startswith("/send/") and status == 200:
        body["status"] = {"queued": "sending"}.get(body["status"], body["status"])
    return status, body


def nothing_before(method, path, status, body):
    if path.startswith("/send/") and status == 200 and not body["deliveredAt"]:
        del body["deliveredAt"]
    return status, body


def fractions(method, path, status, body):
    if status == 200 and "createdAt" in body:
        body["createdAt"] = body["createdAt"].replace("Z", ".000Z")
    return status, body


def more_members(method, path, status, body):
    if status == 200:
        body["requestId"] = "req_1"
    return status, body


# %%
different = {
    "answers a POST with 201": lab.judge(other_numbers),
    "has other words for errors": lab.judge(other_words),
    "never says 400, but 422": lab.judge(only_422),
    "lists the oldest first": lab.judge(oldest_first),
    "says sending instead of queued": lab.judge(own_statuses),
    "leaves deliveredAt out at first": lab.judge(nothing_before),
    "has fractions of seconds in times": lab.judge(fractions),
    "has a member more in each answer": lab.judge(more_members),
}
Readings("Eight other ways to read the document", different)

# %% [markdown]
# ### What just happened?
#
# None of them. Six pass as if they were the reference, and two get a warning. The one with words of its own has renamed
# `VALIDATION_ERROR` too, which stands in the document's only example of an error. And 400 has a meaning in the document,
# *a parameter is missing or not valid*, so a server that never uses it tells its clients less than it could; since 422
# means *validation fails*, it may be read the other way, and it is a warning and no more.
#
# The judge has seen the difference all the same:

# %%
reference = lab.judge()
plain, other = reference.observed, different["answers a POST with 201"].observed
{name: (plain[name], other[name]) for name in plain if plain[name] != other[name]}

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "every silence has its number": list(numbered)
        == [f"CHOICE-{number:02}" for number in range(1, len(everything) + 1)],
        "the answer of this lesson counts right": len(everything) == 56,
        "nobody is failed for reading a silence otherwise": {
            name for name, one in different.items() if one.ids("fail")
        }
        == set(),
        "two of them are warned": {
            name: one.ids("warn")
            for name, one in different.items()
            if one.ids("warn")
        }
        == {
            "has other words for errors": ["errors.example"],
            "never says 400, but 422": ["errors.400"],
        },
        "the reference itself is not": reference.ids("fail")
        == reference.ids("warn")
        == [],
        "what could not be looked at is said": "base.https"
        in reference.ids("skip"),
        "the other number is told": other["send.successStatus"] == 201,
        "and so is the other order": different["lists the oldest first"].observed[
            "messages.order"
        ]
        != plain["messages.order"],
    }
)

# %% [markdown]
# ## Where silence ends
#
# A thing that was said is another matter. **Predict:** which of these four go too far?


# %% jupyter={"source_hidden": true} tags=["folded"]
def no_body(method, path, status, body):
    return (204, None) if method == "DELETE" and status == 200 else (status, body)


def forgetful(method, path, status, body):
    if path == "/api-keys" and method == "GET" and status == 200:
        for key in body["data"]:
            del key["lastUsed"]
    return status, body


def no_message(method, path, status, body):
    if status >= 400:
        del body["message"]
    return status, body


def bare_items(method, path, status, body):
    if path == "/messages" and status == 200:
        body["data"] = [
            {"id": one["id"], "status": one["status"]} for one in body["data"]
        ]
    return status, body


# %%
too_far = {
    "answers DELETE with 204, no body": lab.judge(no_body),
    "forgets when a key was used": lab.judge(forgetful),
    "has no sentence in its errors": lab.judge(no_message),
    "lists nothing but id and status": lab.judge(bare_items),
}
Readings("Four more, and the document is not silent here", too_far)

# %% [markdown]
# ### What just happened?
#
# The first and the third break something that the document shows or says: `{"deleted": true}` is the answer to a
# revocation, and an error has two members. A client that reads them would break.
#
# The other two do what only an *example* speaks against. A key in the list is shown with its `lastUsed`, and no sentence
# says from when on it is there; an item of the list of messages has `id`, `status` and an ellipsis, which stands for
# something. Who leaves that out gets a warning: not a breach, and not what a client expects either.

# %% jupyter={"source_hidden": true} tags=["check"]
no_deleted, no_time, no_sentence, bare = too_far.values()
holds(
    {
        "without a body the promise of one is broken": "keys.revoke.response"
        in no_deleted.ids("fail"),
        "an error has its sentence": "errors.body" in no_sentence.ids("fail"),
        "a time left out is a warning": no_time.ids("fail") == []
        and no_time.ids("warn") == ["keys.list.response.lastUsed"],
        "so are items without more": bare.ids("fail") == []
        and bare.ids("warn") == ["messages.data.more"],
    }
)

# %% [markdown]
# ## Exercise 12.1
#
# With which number may a server answer a good `POST /send`? Find one that is not 200 and keeps every promise.

# %% tags=["exercise"]
number = 302  # <- change this value


def my_number(method, path, status, body):
    sent = path == "/send" and status == 200
    return (number if sent else status), body


lab.exercise("12.1", judgement=lab.judge(my_number))

# %% jupyter={"source_hidden": true} tags=["solution"]
number = 202  # <- change this value


def my_number(method, path, status, body):
    sent = path == "/send" and status == 200
    return (number if sent else status), body


lab.exercise("12.1", judgement=lab.judge(my_number))

# %% [markdown]
# ## Exercise 12.2
#
# You write a client. A message of yours has a status that you have never seen. Which choice tells whether that can happen?

# %% tags=["exercise"]
which = "CHOICE-30"  # <- change this value
print(numbered[which])
lab.exercise("12.2", choice=numbered[which])

# %% jupyter={"source_hidden": true} tags=["solution"]
which = "CHOICE-03"  # <- change this value
print(numbered[which])
lab.exercise("12.2", choice=numbered[which])

# %% [markdown]
# ## What the document does not say here
#
# All of it. *Here* is what this implementation does, in a sentence; *another server* is how the judge takes what somebody
# else does. Whole entries, with the reasons, are in [the choices](../contracts/choices.md), `CHOICE-01` to `CHOICE-56`.
#
# For a client that is to work with every server of this API the table reads like this: build on nothing in the third
# column, and be ready for anything in the fourth.

# %%
everything

# %%
lab.close()
