# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lesson:
#     minutes: 20
#     covers:
#     - send.purpose
#     - send.request.delivered
#     - status.response.status
#     - status.response.deliveredAt
#     - product.reliable
#     - product.included
# ---

# %% [markdown]
# # What did the two servers say to each other?
#
# **A short dialogue of commands and three-digit replies, and the first digit of the last reply decides: 2 taken, 4 not now, 5 never.**
#
# *About twenty minutes. Needs nothing but this notebook. You know HTTP; that is enough.*

# %%
from justemails_lessons import Lab, Timeline, holds

lab = Lab(seed=5)

# %%
mail = {
    "from": lab.sender,
    "subject": "Hi",
    "text": "Line one.\n.A line that begins with a dot.",
}

# %% [markdown]
# ## Whom to talk to
#
# With HTTP the address in the URL is the server. A mail address is not: the part after the `@` is a *domain*, and the
# domain says in DNS which server takes its mail.
#
# **Predict:** is the server for `ann@example.com` called `example.com`?

# %%
route = lab.dns("example.com")
route

# %% [markdown]
# ### What just happened?
#
# That is an **MX** record ("mail exchanger"): the line in DNS by which a domain names the server that takes its mail, with
# a number before it, the preference: when there are several, the lowest is asked first. The last part is the server's IP
# address. So: another name altogether. The conversation takes place there, at port 25.

# %% [markdown]
# ## A yes
#
# **Predict:** in HTTP one request carries everything. How many times will the two speak until one mail is over?

# %%
taken = lab.post("/send", {**mail, "to": "ann@example.com"})
lab.advance("5s")
lab.story(taken).ladder()

# %% [markdown]
# ### What just happened?
#
# Read it from top to bottom. To the right: our server speaks. To the left: the recipient's server answers. The language is
# **SMTP**, and it goes step by step, because each step may be refused by itself:
#
# - The other server speaks first: `220`, with its name. Every reply is three digits and a text. The digits are for
#   programs; the text is for people.
# - **`EHLO`** is the greeting: our server says its name, and the answer lists, a line for each, what the other one can do
#   beyond the basics.
# - **`MAIL FROM`** names where a complaint goes if the mail cannot be delivered. You see a long address that was made for
#   this one mail, not `hello@yourdomain.com`: so a complaint tells by its address which mail it is about.
# - **`RCPT TO`** (short for recipient) names whom the mail goes to, and asks whether there is such a one. This is where
#   most refusals happen: the server looks at the mailbox *before* it has seen a single byte of the mail.
# - **`DATA`** asks to send the mail itself. The answer `354` means: go on, and end with a line that has only a dot.
# - Then the mail goes over, as bytes, and the dot. The reply to that dot is the one that counts: `250` says *I have it, and
#   I answer for it from now on*. At this moment the message is `delivered`.
# - **`QUIT`** says goodbye.
#
# What the mail says of itself in its `From:` and `To:` lines is inside those bytes; nobody has looked at it so far. Like
# a letter: `MAIL FROM` and `RCPT TO` are the envelope.
#
# A line with only a dot ends the mail. And yet our text has a line that *begins* with one. Did it survive?

# %%
arrived = lab.inbox()[0]
arrived

# %% jupyter={"source_hidden": true} tags=["check"]
ladder = lab.story(taken).ladder()
commands = [rung.lines[0].split()[0] for rung in ladder.rungs if rung.who == "C"]
holds(
    {
        "the host of the MX record was asked": ladder.attempt.host in route.hosts,
        "the commands come in this order": commands[:4]
        == ["EHLO", "MAIL", "RCPT", "DATA"],
        "the last reply says yes": ladder.attempt.code == 250,
        "so the status is delivered": lab.get(f"/send/{taken['id']}")["status"]
        == "delivered",
        "the line that begins with a dot arrived as it was": (
            arrived.text or ""
        ).splitlines()
        == ["Line one.", ".A line that begins with a dot."],
    }
)

# %% [markdown]
# ## A "not now"
#
# **Predict:** the next server tells senders that it has never seen to come back later. Where in the dialogue will it say so?

# %%
later = lab.post("/send", {**mail, "to": "ann@greylist.test"})
lab.advance("5s")
lab.story(later).ladder(short=True)

# %% [markdown]
# ### What just happened?
#
# (The list that follows the greeting is left out from here on.) At `RCPT` the answer begins with a 4. **4xx** means *not
# now*: the server refuses this attempt, and says that the same request may be taken another time, so the mail stays
# `queued`. The text tells the reason: greylisting, a filter against senders of junk, who do not bother to come back.
#
# The second number, `4.7.1`, says the same more finely (4: not now, 7: for reasons of policy).
#
# **DATA** did not happen: a mail that is refused at `RCPT` is never sent over.

# %%
lab.get(f"/send/{later['id']}").json

# %% [markdown]
# ## A "no"
#
# **Predict:** the next server knows no `ann`. Which digit will its answer begin with, and will our server come back?

# %%
never = lab.post("/send", {**mail, "to": "ann@bounce.test"})
lab.advance("1h")
lab.story(never).ladder(short=True)

# %% [markdown]
# ### What just happened?
#
# **5xx** means *no, and do not ask again*. The same place in the dialogue, one digit more, and another fate: an hour has
# gone by, and there was one attempt and no second. The message is `bounced`.
#
# In HTTP the digits are the other way round: there 4xx says that asking the same again is of no use, and 5xx that it may
# be. Whoever comes from HTTP has to turn that over once.

# %%
stories = [lab.story(one) for one in (taken, later, never)]
Timeline(stories)

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "the 4xx was at RCPT, and the mail was tried again": stories[1]
        .attempt(1)
        .phase
        == "RCPT"
        and len(stories[1].tries) > 1,
        "it was taken in the end": stories[1].status == "delivered",
        "the 5xx was at RCPT too": stories[2].attempt(1).phase == "RCPT",
        "there was no second attempt after it": len(stories[2].tries) == 1,
        "the status is bounced": stories[2].status == "bounced",
    }
)

# %% [markdown]
# ## A no after everything was said, and no answer at all
#
# Two more servers: one reads the whole mail and refuses it at the dot; one drops the connection in the middle of the mail.
#
# **Predict:** which of the two is a *no*, and which a *not now*?

# %%
blocked = lab.post("/send", {**mail, "to": "ann@blocked.test"})
dropped = lab.post("/send", {**mail, "to": "ann@mid-data-drop.test"})
lab.advance("5s")
lab.story(blocked).ladder(short=True)

# %%
lab.story(dropped).ladder(short=True)

# %% [markdown]
# ### What just happened?
#
# The first server saw the mail and said `554` to the dot: a 5xx, so `bounced`. The second said nothing. Silence is not a
# no: our server cannot know what became of the other one, so it takes silence as *not now* and will come back. That is
# the careful reading: rather twice than never.

# %%
rows = []
for one in (taken, later, never, blocked, dropped):
    first = lab.story(one).attempt(1)
    says = (
        f"{first.code} at {first.phase}"
        if first.code
        else f"nothing after {first.phase}"
    )
    rows.append(f"{one['to']:<24} {says:<20} {first.event}")
print("\n".join(rows))

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "2xx to the dot is accepted": lab.story(taken).events[0] == "accepted",
        "4xx is deferred": lab.story(later).events[0] == "deferred",
        "5xx is refused, at RCPT and at the dot": lab.story(never).events[0]
        == lab.story(blocked).events[0]
        == "refused",
        "silence is deferred": lab.story(dropped).events[0] == "deferred",
        "nothing arrived from either of the two": {one.to for one in lab.inbox()}
        == {"ann@example.com", "ann@greylist.test"},
    }
)

# %% [markdown]
# ## A domain with two servers
#
# A domain may have several MX records. `two.example` has two, and the first of its servers is switched off.

# %%
lab.network(
    "two.example",
    hosts=[
        {"host": "mx1", "preference": 10, "port": "refused"},
        {"host": "mx2", "preference": 20},
    ],
)

# %% [markdown]
# **Predict:** is a connection that is refused a *no*? Will Ann at `two.example` have her mail within five seconds?

# %%
second_choice = lab.post("/send", {**mail, "to": "ann@two.example"})
lab.advance("5s")
lab.story(second_choice).transcript()

# %%
lab.map(taken, later, never, blocked, dropped, second_choice)

# %% [markdown]
# ### What just happened?
#
# The lines say who speaks: `C` is our server, the *client* of this dialogue, `S` the other one, and `--` is what nobody
# said. A server that cannot be reached has not refused anything, so our server went to the next one at once: first the
# record with the lowest number, its *preference*, then the others. That is what a second record is for.

# %% jupyter={"source_hidden": true} tags=["check"]
said = lab.story(second_choice).said()
holds(
    {
        "the better host is asked first": list(said)
        == list(lab.dns("two.example").hosts)
        == ["mx1.two.example", "mx2.two.example"],
        "the first could not be reached": said["mx1.two.example"]
        == "the connection was refused",
        "the second took it, in the same attempt": said["mx2.two.example"][:3]
        == "250"
        and len(lab.story(second_choice).tries) == 1,
    }
)

# %% [markdown]
# ## Behind a curtain
#
# So far everybody on the way could read along. Many servers offer more in their answer to `EHLO`:

# %%
hidden = lab.post("/send", {**mail, "to": "ann@starttls.test"})
lab.advance("5s")
lab.story(hidden).ladder()

# %% [markdown]
# ### What just happened?
#
# Among the extensions stands **`STARTTLS`**: *from here on we can speak encrypted*. Our server takes the offer, the two
# agree on keys, and then everything begins again with `EHLO`, for what was said in the open cannot be trusted.

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "the attempt was encrypted": lab.story(hidden).attempt(1).tls,
        "EHLO was said twice": sum(
            rung.lines[0].startswith("EHLO")
            for rung in lab.story(hidden).ladder().rungs
        )
        == 2,
        "the others were not encrypted": not any(
            story.attempt(1).tls for story in stories
        ),
    }
)

# %% [markdown]
# ## Exercise 5.1
#
# You are the recipient's server now. What do you answer at `RCPT`, so that the sender comes back later? Change the reply.

# %% tags=["exercise"]
reply = "550 5.1.1 no such user"  # <- change this value
lab.network("club.example", {"at": "RCPT", "reply": reply, "times": 1})
guest = lab.post("/send", {**mail, "to": "ann@club.example"})
lab.advance("1h")
lab.exercise("5.1", story=lab.story(guest))

# %% jupyter={"source_hidden": true} tags=["solution"]
reply = "450 4.2.1 come back in a minute"  # <- change this value
lab.network("club.example", {"at": "RCPT", "reply": reply, "times": 1})
guest = lab.post("/send", {**mail, "to": "ann@club.example"})
lab.advance("1h")
lab.exercise("5.1", story=lab.story(guest))

# %% [markdown]
# ## Exercise 5.2
#
# You are still the server, and want to read the whole mail before you refuse it. At which point of the dialogue do you say
# your no? The points are `CONNECT`, `EHLO`, `MAIL`, `RCPT`, `DATA` and `DOT`.

# %% tags=["exercise"]
point = "RCPT"  # <- change this value
lab.network("strict.example", {"at": point, "reply": "554 5.7.1 we do not like it"})
judged = lab.post("/send", {**mail, "to": "ann@strict.example"})
lab.advance("1h")
lab.exercise("5.2", story=lab.story(judged))

# %% jupyter={"source_hidden": true} tags=["solution"]
point = "DOT"  # <- change this value
lab.network("strict.example", {"at": point, "reply": "554 5.7.1 we do not like it"})
judged = lab.post("/send", {**mail, "to": "ann@strict.example"})
lab.advance("1h")
lab.exercise("5.2", story=lab.story(judged))

# %% [markdown]
# ## What the document does not say here
#
# The document promises that mail is delivered reliably, and says nothing of how. All of this lesson is therefore a choice
# of this implementation, taken from the standards of mail: when `delivered` is said (`CHOICE-23`), that a lost reply may
# make a second copy (`CHOICE-24`), the addresses on the envelope (`CHOICE-28`), and the dialogue (`CHOICE-29`).

# %%
lab.close()
