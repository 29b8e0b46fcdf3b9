# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lesson:
#     minutes: 15
#     covers:
#     - base.id
#     - send.response.status
#     - status.purpose
#     - status.method
#     - status.path
#     - status.response
#     - status.response.id
#     - status.response.status
#     - status.response.from
#     - status.response.to
#     - status.response.subject
#     - status.response.createdAt
#     - status.response.deliveredAt
#     - status.unknown
#     - errors.404
#     - product.tracking
# ---

# %% [markdown]
# # Where is my mail now?
#
# **Ask `GET /send/:id`: it says `queued` while anything can still happen, and then one last word that stays.**
#
# *About fifteen minutes. Needs nothing but this notebook; it helps to have seen [lesson 01](01-first-mail.ipynb).*

# %%
from justemails_lessons import Lab, StateDiagram, Timeline, holds

lab = Lab(seed=4)

# %% [markdown]
# ## Five mails to five kinds of recipient
#
# Mail is not over when the API has taken it: it has to be handed to the recipient's mail server, and that server has a
# will of its own. The lab has servers that behave on purpose. Mail to anybody at
#
# - `example.com` is taken at once,
# - `slow.test` is taken by a server that thinks for three seconds before each answer,
# - `greylist.test` meets a server that tells strangers to come back later,
# - `bounce.test` is refused: there is no such mailbox,
# - `full.test` finds a mailbox that is full and stays so.
#
# **Predict:** what will `GET /send/:id` say about each, one second later? And after a week?

# %%
recipients = [
    "ann@example.com",
    "ann@slow.test",
    "ann@greylist.test",
    "ann@bounce.test",
    "ann@full.test",
]
sent = []
for recipient in recipients:
    mail = {
        "from": lab.sender,
        "to": recipient,
        "subject": "Welcome!",
        "text": "Hello.",
    }
    sent.append(lab.post("/send", mail))


def statuses():
    return {one["to"]: lab.get(f"/send/{one['id']}")["status"] for one in sent}


at_once = statuses()
at_once

# %%
lab.advance("1s")

# %%
after_a_second = statuses()
after_a_second

# %% [markdown]
# ### What just happened?
#
# In one second two fates were decided. `ann@example.com` has her mail. `ann@bounce.test` does not exist, and no patience
# will change that: **bounced**. The other three say `queued`, and for three different reasons: one server is still
# thinking, one wants us to come back, one has no room. The status does not tell these apart, because for the sender they
# are the same: not yet, and not lost.
#
# Here is a whole answer. `deliveredAt` is there, with a time, only where there was a delivery.

# %%
lab.get(f"/send/{sent[0]['id']}")

# %% [markdown]
# ## Ten minutes later
#
# **Predict:** which of the three that are queued will have moved?

# %%
lab.advance("10m")

# %%
Timeline([lab.story(one) for one in sent])

# %% [markdown]
# ### What just happened?
#
# Each row is a message. Dark blue: our server is talking with the recipient's. Light blue: the message waits for its
# next attempt. The axis is logarithmic, or the first second could not be seen beside ten minutes.
#
# The slow server needed seconds, not attempts. The greylisting one said no twice and yes the third time, because five
# minutes had gone by. The full mailbox is still full, and its message still `queued`.

# %% [markdown]
# ## A week later

# %%
lab.advance("7d")

# %%
after_a_week = statuses()
after_a_week

# %%
stories = [lab.story(one) for one in sent]
StateDiagram([story.events for story in stories])

# %% [markdown]
# ### What just happened?
#
# This picture is drawn from the table that the server itself decides by: boxes are statuses, arrows are what may happen.
# Only `queued` has arrows that lead away. The other three are ends, and a message in one of them never moves again.
#
# - **delivered**: the recipient's server has taken the mail, and answers for it from now on.
# - **bounced**: the recipient's side said no, for good.
# - **failed**: nobody said no for good, but our patience is over: four days, and the mailbox was full at every attempt.
#
# What is drawn in full was seen in this lesson; what is dashed can happen too.

# %% jupyter={"source_hidden": true} tags=["check"]
answers = [lab.get(f"/send/{one['id']}").json for one in sent]
order = ["queued", "delivered", "bounced", "failed"]
holds(
    {
        "everything begins as queued": set(at_once.values()) == {"queued"},
        "every status is one of the four": {one["status"] for one in answers}
        <= set(order),
        "the five ended so": [one["status"] for one in answers]
        == ["delivered", "delivered", "delivered", "bounced", "failed"],
        "deliveredAt is there if and only if it was delivered": all(
            (one["deliveredAt"] is not None) == (one["status"] == "delivered")
            for one in answers
        ),
        "nothing is delivered before it was created": all(
            one["deliveredAt"] >= one["createdAt"]
            for one in answers
            if one["deliveredAt"]
        ),
        "createdAt is still what the first answer said": [
            one["createdAt"] for one in answers
        ]
        == [one["createdAt"] for one in sent],
        "from, to and subject are what was sent": {
            (one["from"], one["subject"]) for one in answers
        }
        == {(lab.sender, "Welcome!")}
        and [one["to"] for one in answers] == recipients,
        "who had an end after a second still has it": all(
            after_a_week[to] == status
            for to, status in after_a_second.items()
            if status != "queued"
        ),
    }
)

# %% [markdown]
# ## An id that names nothing
#
# **Predict:** which status code answers a question about a message that does not exist?

# %%
lost = lab.get("/send/msg_nosuchmessage")
lost

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "it is 404": lost.status == 404,
        "the body is JSON with a word for programs and a sentence for people": set(
            lost.json
        )
        == {"error", "message"},
    }
)

# %% [markdown]
# ## Exercise 4.1
#
# A mail goes to the greylisting server. How long do you have to wait until it is delivered? Find a time that is long
# enough, and not longer than a quarter of an hour. (`30s`, `5m`, `1h` are times.)

# %% tags=["exercise"]
wait = "1m"  # <- change this value
greylisted = lab.post("/send", {**mail, "to": "bob@greylist.test"})
lab.advance(wait)
lab.exercise("4.1", story=lab.story(greylisted))

# %% jupyter={"source_hidden": true} tags=["solution"]
wait = "10m"  # <- change this value
greylisted = lab.post("/send", {**mail, "to": "bob@greylist.test"})
lab.advance(wait)
lab.exercise("4.1", story=lab.story(greylisted))

# %% [markdown]
# ## Exercise 4.2
#
# Choose a recipient whose mail ends as `failed`, so that nobody ever said a final no. `ann@down.test` has a server that
# is switched off, `ann@nullmx.test` a domain that says it takes no mail, `ann@policy.test` a server with a rule against
# us. Only one of the three will do.

# %% tags=["exercise"]
recipient = "ann@policy.test"  # <- change this value
unlucky = lab.post("/send", {**mail, "to": recipient})
lab.advance("5d")
lab.exercise("4.2", answer=lab.get(f"/send/{unlucky['id']}"))

# %% jupyter={"source_hidden": true} tags=["solution"]
recipient = "ann@down.test"  # <- change this value
unlucky = lab.post("/send", {**mail, "to": recipient})
lab.advance("5d")
lab.exercise("4.2", answer=lab.get(f"/send/{unlucky['id']}"))

# %% [markdown]
# ## What the document does not say here
#
# - Which statuses there are beside `queued` and `delivered`. Here `bounced` and `failed` (`CHOICE-03`); another server may
#   have other words, so let your program live with one that it does not know.
# - What `delivered` means. Here: the recipient's *server* has taken the mail (`CHOICE-23`). Whether a person reads it, and
#   in which folder, nobody can see from outside.
# - Whether `deliveredAt` is left out or `null` before a delivery. Here it is `null` (`CHOICE-44`).
# - Why a mail bounced or failed. The API has no member for it (`CHOICE-45`);
#   [lesson 05](05-what-the-servers-said.ipynb) looks at the conversation itself.

# %%
lab.close()
