# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lesson:
#     minutes: 20
#     covers:
#     - send.request
#     - send.request.from
#     - send.request.from.domain
#     - send.request.to
#     - send.request.to.required
#     - send.request.subject
#     - send.request.html
#     - send.request.text
#     - send.request.both
#     - send.request.replyTo
#     - send.request.headers
#     - send.request.delivered
#     - errors.always
#     - errors.body
#     - errors.body.error
#     - errors.body.message
#     - errors.example
#     - errors.400
#     - errors.422
# ---

# %% [markdown]
# # What may be in a send?
#
# **Seven members, and each of them arrives; anything else is refused with a sentence that names the member, and nothing is sent.**
#
# *About twenty minutes. Needs nothing but this notebook; it helps to have seen [lesson 01](01-first-mail.ipynb).*

# %%
from justemails_lessons import FieldGrid, Lab, holds

lab = Lab(seed=3)

# %% [markdown]
# ## Everything at once
#
# Lesson 01 sent four members. There are three more: a body as plain `text` beside the `html`, an address for the answers
# (`replyTo`), and `headers` of your own. Here are all seven, with the values that the document shows.
#
# **Predict:** which of the seven will the recipient be able to see?

# %%
whole = {
    "from": "hello@yourdomain.com",
    "to": "user@example.com",
    "subject": "Welcome!",
    "html": "<h1>Hello</h1><p>Thanks for signing up.</p>",
    "text": "Hello — Thanks for signing up.",
    "replyTo": "support@yourdomain.com",
    "headers": {"X-My-Tag": "onboarding"},
}
sent = lab.post("/send", whole)
lab.advance("2s")

# %% [markdown]
# This is the mail that the recipient's server took, read member by member:

# %%
mail = lab.inbox()[0]
read_back = {
    "from": mail.headers.get("From"),
    "to": mail.headers.get("To"),
    "subject": mail.headers.get("Subject"),
    "html": mail.html,
    "text": mail.text,
    "replyTo": mail.headers.get("Reply-To"),
    "headers": {"X-My-Tag": mail.headers.get("X-My-Tag")},
}
read_back

# %% [markdown]
# ### What just happened?
#
# All seven arrived, as they were sent. A mail is much like an HTTP request: **headers**, lines of a name and a value, then
# an empty line, then the body.
#
# - `from`, `to` and `subject` became the headers `From`, `To` and `Subject`; `replyTo` became `Reply-To`, and a mail
#   program that answers writes to that address rather than to `from`.
# - `html` and `text` are two forms of the same body. The recipient's program shows the one that it can, or likes better.
# - What is in `headers` became further headers. Nobody shows them, but programs can sort by them: hence the `X-My-Tag`.
#
# The dash in the text is no ASCII character. How about a subject of such characters, and a name beside the address?

# %%
abroad = {
    **whole,
    "from": "Zoë from Orders <hello@yourdomain.com>",
    "subject": "Grüße — 5 € für Sie",
}
lab.post("/send", abroad)
lab.advance("2s")
mail_abroad = lab.inbox()[1]
mail_abroad.headers["From"], mail_abroad.subject

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "what was read in the mail is the body of the request": read_back == whole,
        "it went to the recipient of the request, and to nobody else": [
            one.to for one in lab.inbox()
        ]
        == [whole["to"]] * 2,
        "html and text are both there": bool(mail.html) and bool(mail.text),
        "characters outside ASCII arrive in the subject": mail_abroad.subject
        == abroad["subject"],
        "and in the sender's name": mail_abroad.headers["From"] == abroad["from"],
        "the program that asked got the id of the mail": mail.message_id
        == sent["id"],
    }
)

# %% [markdown]
# ## One member less
#
# **Predict:** what does the API say to a request without `to`? A status code, and what else?

# %%
short = {"from": lab.sender, "subject": "Hi", "text": "Hello."}
missing = lab.post("/send", short)
missing

# %% [markdown]
# ### What just happened?
#
# **400**, *Bad Request*, and a body with two members. `error` is a word for your program: it may decide by it. `message` is
# a sentence for you: it names the member at fault. This one is in the document, to the letter.

# %% [markdown]
# ## Wrong in eleven ways
#
# Each of these has one thing wrong. The last three read well, and are refused all the same.
#
# **Predict:** which of them would you expect to pass?

# %%
wrong = {
    "no 'to'": short,
    "a number for a text": {**whole, "subject": 42},
    "null": {**whole, "text": None},
    "two recipients": {**whole, "to": "ann@example.com, bob@example.com"},
    "a list of recipients": {**whole, "to": ["ann@example.com"]},
    "a member misspelt": {**whole, "reply_to": "support@yourdomain.com"},
    "a list around it": [whole],
    "somebody else's domain": {**whole, "from": "hello@example.com"},
    "a reserved header": {**whole, "headers": {"Bcc": "eve@example.com"}},
    "a subject of 999 letters": {**whole, "subject": "x" * 999},
}
no_body = """curl -X POST https://justemails.app/api/v1/send \
  -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" """
refused = {"no body at all": lab.curl(no_body)}
for name, body in wrong.items():
    refused[name] = lab.post("/send", body)
for name, answer in refused.items():
    print(answer.status, answer.json.get("error"), "for", name)
    print("   ", answer.json.get("message"))

# %% [markdown]
# ### What just happened?
#
# None passed. And there are two codes, with a border between them:
#
# - **400**: the API cannot read this as the documented request. A member is missing, or unknown, or of another type, or an
#   address is no address. Whoever wrote the program has to mend it.
# - **422**, *Unprocessable Entity*: the API can read it, and a rule says no. You may send only from a domain that is
#   verified, that is, of which the account has shown that it is its own; some headers are the server's to write; a subject
#   has a length. The program may be right, and the account or the data are not.
#
# One word stands out, `DOMAIN_NOT_VERIFIED`: the remedy for this one is outside of the request.
#
# A misspelt `reply_to` could have been ignored. Then the mail would have gone out, and the answers to it to the wrong
# address, and nobody would have known why.

# %%
lab.advance("1h")
in_the_list = lab.get("/messages")["pagination"]["total"]
in_the_list, len(lab.inbox())

# %% jupyter={"source_hidden": true} tags=["check"]
others = {
    "no valid key": lab.get("/messages", key="je_live_nobody"),
    "no such path": lab.get("/nowhere"),
    "no such message": lab.get("/send/msg_nosuchmessage"),
}
by_rule = {
    "somebody else's domain",
    "a reserved header",
    "a subject of 999 letters",
}
names = {
    "no 'to'": "'to'",
    "a number for a text": "'subject'",
    "null": "'text'",
    "two recipients": "'to'",
    "a list of recipients": "'to'",
    "a member misspelt": "'reply_to'",
    "somebody else's domain": "'from'",
    "a reserved header": "'Bcc'",
    "a subject of 999 letters": "'subject'",
}
holds(
    {
        "a missing 'to' is told in the document's own words": missing.json
        == refused["no 'to'"].json
        == {"error": "VALIDATION_ERROR", "message": "The 'to' field is required."},
        "what cannot be read is 400": all(
            answer.status == 400
            for name, answer in refused.items()
            if name not in by_rule
        ),
        "what a rule refuses is 422": all(
            refused[name].status == 422 for name in by_rule
        ),
        "a domain that is not verified has a word of its own": refused[
            "somebody else's domain"
        ].json.get("error")
        == "DOMAIN_NOT_VERIFIED",
        "every message about a member names it": all(
            name in refused[case].json.get("message", "")
            for case, name in names.items()
        ),
        "a near miss is told the right name": "Did you mean 'replyTo'?"
        in refused["a member misspelt"].json.get("message", ""),
        "an error is JSON with two texts, whatever the error": all(
            answer.headers["Content-Type"].startswith("application/json")
            and set(answer.json) == {"error", "message"}
            and all(isinstance(text, str) and text for text in answer.json.values())
            for answer in [missing, *refused.values(), *others.values()]
        ),
        "of all that was refused nothing was sent": in_the_list
        == len(lab.inbox())
        == 2,
    }
)

# %% [markdown]
# ## A line break where there should be none
#
# In a mail each header is a line. A program that puts a form's input into a subject may be given a line break with it,
# and the next line would be a header that the attacker wrote: that is **header injection**. `Bcc` is the header for people
# who get the mail without the others seeing it.
#
# **Predict:** Eve puts her line into five different members. Of how many mails will she get a copy?

# %%
eve = "X\r\nBcc: eve@example.com"
attacks = {
    "subject": {**whole, "subject": eve},
    "a header": {**whole, "headers": {"X-My-Tag": eve}},
    "from": {**whole, "from": f"{eve} <hello@yourdomain.com>"},
    "replyTo": {**whole, "replyTo": f"{eve} <support@yourdomain.com>"},
    "text": {**whole, "text": eve},
}
attacked = {name: lab.post("/send", body) for name, body in attacks.items()}
lab.advance("1h")
{name: answer.status for name, answer in attacked.items()}

# %%
lab.inbox()

# %% [markdown]
# ### What just happened?
#
# Of none. Four of the five were refused as they stood; the API does not mend them, since it would have to guess what was
# meant. In a `text` a line break is what it should be, a new line. So that mail went out, to the recipient alone, and Eve's
# line is a line of its text:

# %%
lab.inbox()[2]

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "a line break is 400 in whatever becomes a header": {
            name: answer.status for name, answer in attacked.items()
        }
        == {
            "subject": 400,
            "a header": 400,
            "from": 400,
            "replyTo": 400,
            "text": 200,
        },
        "nobody but the recipient got mail": {one.to for one in lab.inbox()}
        == {whole["to"]},
        "one mail more has arrived, and has no header Bcc": len(lab.inbox()) == 3
        and "Bcc" not in lab.inbox()[2].headers,
        "its text has both lines": (lab.inbox()[2].text or "").splitlines()
        == eve.splitlines(),
    }
)

# %% [markdown]
# ## Every member, every value
#
# Nine values, each put in the place of each member: seventy-two requests. (The last row is the value of the header
# `X-My-Tag`.)
#
# **Predict:** which rows will be the most patient?

# %%
LEFT_OUT = object()
values = {
    "left out": LEFT_OUT,
    "null": None,
    "42": 42,
    "empty text": "",
    "Hello": "Hello",
    "an address": "ann@example.com",
    "two of them": "ann@example.com, bob@example.com",
    "line break": eve,
    "999 letters": "x" * 999,
}


def with_value(member, value):
    body = {**whole, "headers": {**whole["headers"]}}
    place = body["headers"] if member == "X-My-Tag" else body
    if value is LEFT_OUT:
        del place[member]
    else:
        place[member] = value
    return body


lab.advance("1m")
answers = {
    member: [lab.post("/send", with_value(member, one)) for one in values.values()]
    for member in [*whole, "X-My-Tag"]
}
grid = FieldGrid(
    "Nine values in the place of each member of POST /send",
    list(values),
    {member: [one.status for one in row] for member, row in answers.items()},
)
grid

# %% [markdown]
# ### What just happened?
#
# Read it by columns. `null` and a number pass nowhere: a member is a text (`headers`: an object of texts), or it is left
# out. All but `from`, `to` and `subject` may be left out; one of `html` and `text` has to be there, but the other one was
# in the request each time. A subject may be empty.
#
# Read it by rows. The three addresses are the strictest, and the two bodies take any text. And there are but three 422: an
# address in `from` that reads well and is not of a verified domain, and two lines that would be too long for a mail.

# %% jupyter={"source_hidden": true} tags=["check"]
lab.advance("1h")
passed = [one for row in answers.values() for one in row if one.status == 200]
rules = {
    (member, value)
    for member in grid.statuses
    for value in values
    if grid.status(member, value) == 422
}
holds(
    {
        "a wrong type is 400 in every member": {
            grid.status(member, value)
            for member in grid.statuses
            for value in ("null", "42")
        }
        == {400},
        "only from, to and subject have to be there": [
            member
            for member in grid.statuses
            if grid.status(member, "left out") != 200
        ]
        == ["from", "to", "subject"],
        "a rule refuses three": rules
        == {
            ("from", "an address"),
            ("subject", "999 letters"),
            ("X-My-Tag", "999 letters"),
        },
        "each that passed is a mail, and no other is": lab.get("/messages")[
            "pagination"
        ]["total"]
        == len(lab.inbox())
        == 3 + len(passed),
        "Eve has none": "eve@example.com" not in {one.to for one in lab.inbox()},
    }
)

# %% [markdown]
# ## Exercise 3.1
#
# Answers to this mail should go to `help@yourdomain.com`. The program that sends it was written for another API, where the
# member had another name. Change the name.

# %% tags=["exercise"]
member = "reply_to"  # <- change this value
asking = {**short, "to": "ann@example.com", member: "help@yourdomain.com"}
tried = lab.post("/send", asking)
lab.advance("2s")
lab.exercise("3.1", tried=tried, arrived=lab.inbox()[-1])

# %% jupyter={"source_hidden": true} tags=["solution"]
member = "replyTo"  # <- change this value
asking = {**short, "to": "ann@example.com", member: "help@yourdomain.com"}
tried = lab.post("/send", asking)
lab.advance("2s")
lab.exercise("3.1", tried=tried, arrived=lab.inbox()[-1])

# %% [markdown]
# ## Exercise 3.2
#
# Find a name of a header that can be read, but that a rule refuses: 422, and not 400. (A name with a space in it cannot be
# read.)

# %% tags=["exercise"]
name = "X My Tag"  # <- change this value
tried = lab.post("/send", {**whole, "headers": {name: "onboarding"}})
lab.exercise("3.2", tried=tried)

# %% jupyter={"source_hidden": true} tags=["solution"]
name = "Date"  # <- change this value
tried = lab.post("/send", {**whole, "headers": {name: "onboarding"}})
lab.exercise("3.2", tried=tried)

# %% [markdown]
# ## What the document does not say here
#
# - Where the border between 400 and 422 lies. Here between what cannot be read and what a rule refuses (`CHOICE-07`).
#   Only the verified domain is named in the document; let your program take either code elsewhere.
# - Which members have to be there, beside `to` (`CHOICE-10`), and that one of `html` and `text` is enough (`CHOICE-35`).
# - What becomes of an unknown member (`CHOICE-33`) and of `null` (`CHOICE-34`). Other servers may ignore them.
# - Which addresses are addresses (`CHOICE-37`), that `to` is one, bare (`CHOICE-36`), and that `from` and `replyTo` may have
#   a name (`CHOICE-11`).
# - Which headers are the server's (`CHOICE-12`), which characters a text may hold (`CHOICE-39`), and how long all of it
#   may be (`CHOICE-40`).

# %%
lab.close()
