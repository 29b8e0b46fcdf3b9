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
#     - messages.pagination.total
#     - errors.always
#     - messages.data.more
#     - limits.send
#     - limits.read
#     - limits.keys
#     - limits.retry.true
# ---

# %% [markdown]
# # Does another server keep its promises?
#
# **Ask the conformance suite: it needs a base URL and a key, and names every promise that the server breaks.**
#
# *About twenty minutes. Needs nothing but this notebook; the API should not be new to you.*

# %%
from justemails_lessons import ClauseMap, Lab, holds

lab = Lab(seed=13)

# %% [markdown]
# ## A judge that knows the document by heart
#
# Anybody may write a server of this API. Whether it is one shows when it is asked, and somebody has asked all the
# questions already: the *conformance suite* takes the API document apart into single promises, called **clauses**, and
# each has a name, such as `errors.404`, and a check of its own. Outside of this notebook it is one command:
#
#     justemails conform https://api.example.com/api/v1 --key je_live_... --from hello@yourdomain.com
#
# In the lab it is `lab.judge`. First the server that you know from the other lessons.
#
# **Predict:** how many requests does it take to check some eighty promises: about 60, 600 or 6000?

# %%
sound = lab.judge()
ClauseMap("The reference, clause by clause", sound)

# %%
print(sound)
print(sound.requests, "requests")

# %% [markdown]
# ### What just happened?
#
# Each square is a clause, in the order of the document. A tick: the promise was checked and kept. A dash: it could not be
# checked, and that is said, rather than taken for kept. Here it is `https`, because the lab has none, and filters,
# because nobody has said which ones this server has.
#
# The judge sees what any client sees: requests and answers. It made mails and keys of its own, looked at each answer for
# many promises at once, and revoked its keys in the end. So some sixty requests are enough, and no limit is in the way.

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "it keeps every promise that was checked": sound.ids("fail") == [],
        "nor is there a warning": sound.ids("warn") == [],
        "what was not checked says so": sound.ids("skip")
        == ["messages.filters", "base.https"],
        "a shell would be told 0": sound.exit_code == 0,
        "it took fewer than 70 requests": sound.requests < 70,
        "every key that it made is revoked": not sound.left_behind,
    }
)

# %% [markdown]
# ## A server with faults
#
# Now somebody else's server. In the lab we make one of the reference: a *layer* of ours on top of it is told of each
# answer before it goes out, and may change it. This one has three faults of a kind that happens.


# %%
def layer(method, path, status, body):
    if path == "/messages" and status == 200:
        body["pagination"]["total"] += 1  # counts one too many
    if status == 404:
        body = "<h1>Not Found</h1>"  # the page of some web framework
    if path == "/api-keys" and method == "GET" and status == 200:
        for key in body["data"]:
            del key["lastUsed"]  # forgotten
    return status, body


# %% [markdown]
# **Predict:** which of the three will the judge call a fault?

# %%
broken = lab.judge(layer)
ClauseMap("A server with three faults", broken)

# %%
broken

# %% [markdown]
# ### What just happened?
#
# Each finding tells what a person needs who has to mend it: the **promise** as the document makes it, what was **asked**,
# what was **expected** and what was **got**, and a line to paste that asks it **again**.
#
# Two of the three *fail* the server. A total that is wrong misleads a client, and an error that is no JSON is one that a
# program cannot read. The third is a *warning*: the document shows a `lastUsed` in an example, and says nowhere from when
# on it is there. A server without it is not what a client hopes for, and yet it breaks no word that was given.
#
# How a clause is judged, and what would pass, can be asked:

# %%
lab.explain("messages.pagination.total")

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "the two promises are named, and no others": set(broken.ids("fail"))
        == {"messages.pagination.total", "errors.always"},
        "the member of an example is a warning": broken.ids("warn")
        == ["keys.list.response.lastUsed"],
        "a shell would be told 1": broken.exit_code == 1,
        "the finding shows what was got": "<h1>Not Found</h1>"
        in broken.findings["errors.always"].got,
    }
)

# %% [markdown]
# ## Mend, and ask again
#
# **Predict:** with the first fault mended, what is left?


# %%
def better_layer(method, path, status, body):
    if status == 404:
        body = "<h1>Not Found</h1>"
    return status, body


better = lab.judge(better_layer)
better.headline, better.ids("fail")

# %% [markdown]
# A programmer might mend the page like this: an answer that is JSON, at any rate.


# %%
def best_layer(method, path, status, body):
    if status == 404:
        body = {"detail": "Not Found"}
    return status, body


nearly = lab.judge(best_layer)
nearly.headline, nearly.ids("fail")

# %% [markdown]
# ### What just happened?
#
# It is JSON now, and `errors.always` is kept. But the document promises more of an error: the members `error` and
# `message` ([errors.body](../contracts/api-document.md)). Another clause, the same answer. That is why there are so many
# of them: each says one thing, so that a finding says which.

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "with one fault mended, one is left": better.ids("fail")
        == ["errors.always"],
        "then that one is kept, and another is not": "errors.always"
        in nearly.ids("pass")
        and nearly.ids("fail") == ["errors.body"],
    }
)

# %% [markdown]
# ## Other servers, not worse ones
#
# The document leaves things open. It never says with which number a success is answered, for one.
#
# **Predict:** a server that answers a send with 202 and a new key with 201: how many promises does it break?


# %%
def other_layer(method, path, status, body):
    if status == 200 and method == "POST":
        status = 202 if path == "/send" else 201
    return status, body


other = lab.judge(other_layer)
print(other.headline)
{name: other.observed[name] for name in other.observed if "Status" in name}

# %% [markdown]
# ### What just happened?
#
# None. Where the document is silent, the judge looks, writes down what it has seen, and goes on. Those *observations* are
# in the report beside the verdict, for whoever wants to write a client for both servers.
# [Lesson 12](12-what-is-not-said.ipynb) has all the silences.
#
# Two more things are worth knowing. The **limits** are a profile of their own, since they take some 450 requests and, on
# a clock that nobody can move, a minute of waiting. Here it takes no time:

# %%
limits = lab.judge(profile="limits")
ClauseMap("The limits of the reference", limits)

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "another success code breaks nothing": other.exit_code == 0
        and other.ids("fail") == other.ids("warn") == [],
        "it is told as an observation": other.observed["send.successStatus"] == 202
        and other.observed["keys.create.successStatus"] == 201,
        "the reference answers 200": sound.observed["send.successStatus"] == 200,
        "the three limits are kept, and Retry-After is true": {
            "limits.send",
            "limits.read",
            "limits.keys",
            "limits.retry.true",
        }
        <= set(limits.ids("pass")),
    }
)

# %% [markdown]
# ## Exercise 13.1
#
# Break the promise `status.unknown`, and no other: which status does your server give in the place of 404, for messages
# that do not exist?

# %% tags=["exercise"]
wrong = 404  # <- change this value


def my_layer(method, path, status, body):
    unknown = method == "GET" and path.startswith("/send/") and status == 404
    return (wrong if unknown else status), body


lab.exercise("13.1", judgement=lab.judge(my_layer))

# %% jupyter={"source_hidden": true} tags=["solution"]
wrong = 410  # <- change this value


def my_layer(method, path, status, body):
    unknown = method == "GET" and path.startswith("/send/") and status == 404
    return (wrong if unknown else status), body


lab.exercise("13.1", judgement=lab.judge(my_layer))

# %% [markdown]
# ## Exercise 13.2
#
# The document shows an item of the list like this: `{ "id": "msg_abc123", "status": "delivered", ... }`. A server leaves
# out what the dots stand for. Which outcome has the clause `messages.data.more` then: `pass`, `fail`, `warn` or `skip`?

# %% tags=["exercise"]
outcome = "fail"  # <- change this value


def short_layer(method, path, status, body):
    if path == "/messages" and status == 200:
        body["data"] = [
            {"id": one["id"], "status": one["status"]} for one in body["data"]
        ]
    return status, body


short = lab.judge(short_layer)
lab.exercise("13.2", outcome=outcome, finding="messages.data.more", of=short)

# %% jupyter={"source_hidden": true} tags=["solution"]
outcome = "warn"  # <- change this value


def short_layer(method, path, status, body):
    if path == "/messages" and status == 200:
        body["data"] = [
            {"id": one["id"], "status": one["status"]} for one in body["data"]
        ]
    return status, body


short = lab.judge(short_layer)
lab.exercise("13.2", outcome=outcome, finding="messages.data.more", of=short)

# %% [markdown]
# ## What the document does not say here
#
# - The number of a success (`CHOICE-01`), the words of errors (`CHOICE-05`) and of statuses (`CHOICE-03`): observed, and
#   held against nobody.
# - What an item of the list has beside `id` and `status` (`CHOICE-43`): the document has three dots there.
# - How requests are counted (`CHOICE-15`): a judge of limits has to let every fair way pass.

# %%
lab.close()
