# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lesson:
#     minutes: 10
#     covers:
#     - base.url
#     - base.relative
#     - base.json.request
#     - base.json.response
#     - auth.header
#     - auth.token
#     - auth.prefix
#     - send.purpose
#     - send.domain
#     - send.request
#     - send.request.method
#     - send.request.path
#     - send.request.from
#     - send.request.from.domain
#     - send.request.to
#     - send.request.subject
#     - send.request.html
#     - send.request.minimal
#     - send.request.delivered
#     - send.response
#     - send.response.id
#     - send.response.id.read
#     - send.response.id.prefix
#     - send.response.status
#     - send.response.from
#     - send.response.to
#     - send.response.createdAt
#     - send.calls.curl
#     - send.calls.javascript
#     - send.calls.python
#     - errors.422
#     - errors.body
#     - product.rest
# ---

# %% [markdown]
# # Can I send a mail with one request?
#
# **Yes: one `POST` with a key. What comes back is a receipt, and the mail is on its way.**
#
# *About ten minutes. You need nothing but this notebook: no account, no network, no mail server.*

# %% [markdown]
# `lab` is a whole mail internet in the memory of this notebook: the API, the engine that delivers, name servers, and the
# mail servers of the recipients. Nothing can leave it. Its clock stands still until you move it, and it says the same at
# every run.

# %%
from justemails_lessons import Lab, holds

lab = Lab(seed=1)

# %% [markdown]
# ## The call, from a command line
#
# The API lives below `https://justemails.app/api/v1`. Sending is a `POST` to `/send` there, with two headers: who you are
# (`Authorization: Bearer` and your API key, which begins with `je_`), and that the body is JSON. The body needs four
# members: whom it is `from`, whom it goes `to`, the `subject`, and the text as `html`.
#
# **Predict:** will the answer say that the mail has arrived?

# %%
curl_call = """
curl -X POST https://justemails.app/api/v1/send \
  -H "Authorization: Bearer $KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "from": "hello@yourdomain.com", "to": "user@example.com",
    "subject": "Welcome!", "html": "<h1>Hello</h1>"
  }'
"""
by_curl = lab.curl(curl_call)
by_curl

# %% [markdown]
# ### What just happened?
#
# The API looked at the key, read the body, wrote the mail down, and answered at once. It has not spoken to anybody yet.
#
# - `id` is the name of this message from now on. Keep it: it is how you ask about the mail later.
# - `status` is `queued`: accepted, and waiting for its turn. So no: the mail has not arrived.
# - `from` and `to` repeat what you sent, and `createdAt` is the time on the lab's clock.
#
# The lab reads the command and sends what curl would send. That real curl, real Node and real Python send the same is
# held by a test, which runs the three texts of this lesson against a server.

# %% [markdown]
# ## The same from Node and from Python
#
# **Predict:** what will differ in the three answers?

# %%
node_call = """
const response = await fetch("https://justemails.app/api/v1/send", {
  method: "POST",
  headers: {
    "Authorization": `Bearer ${process.env.KEY}`,
    "Content-Type": "application/json",
  },
  body: JSON.stringify({
    from: "hello@yourdomain.com", to: "user@example.com",
    subject: "Welcome!", html: "<h1>Hello</h1>",
  }),
});
console.log(await response.json());
"""
by_node = lab.node(node_call)
by_node.json

# %%
requests = lab.requests  # in a program of yours: import requests
KEY = lab.key

response = requests.post(
    "https://justemails.app/api/v1/send",
    headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    json={
        "from": "hello@yourdomain.com",
        "to": "user@example.com",
        "subject": "Welcome!",
        "html": "<h1>Hello</h1>",
    },
)
response.json()

# %% [markdown]
# ### What just happened?
#
# Three programs, one request: only the `id` differs. Three requests are three mails, though they say the same; the API
# does not guess that you meant one.

# %% jupyter={"source_hidden": true} tags=["check"]
answers = [by_curl.json, by_node.json, response.json()]
holds(
    {
        "curl and Node send the same body": by_curl.sent == by_node.sent,
        "the id begins with msg_": all(
            answer["id"].startswith("msg_") for answer in answers
        ),
        "three requests have three ids": len({answer["id"] for answer in answers})
        == 3,
        "each is queued": {answer["status"] for answer in answers} == {"queued"},
        "from and to are repeated": {
            (answer["from"], answer["to"]) for answer in answers
        }
        == {("hello@yourdomain.com", "user@example.com")},
        "createdAt is the time of the request, in UTC": {
            answer["createdAt"] for answer in answers
        }
        == {"2026-04-06T12:00:00Z"},
        "there is nothing else in the answer": set(by_curl.json)
        == {"id", "status", "from", "to", "createdAt"},
    }
)

# %% [markdown]
# ## What came
#
# No time has passed so far: the lab's clock stands still. Let two seconds pass, and look into the recipient's mailbox.

# %%
lab.advance("2s")

# %%
lab.inbox()

# %%
lab.inbox()[0]

# %% [markdown]
# ### What just happened?
#
# A mail, as the recipient has it. `subject` and `html` are what you sent. Three words tell what the recipient's server
# thinks of the sender:
#
# - **DKIM** pass: the mail carries a signature of `yourdomain.com`, and it fits.
# - **SPF** pass: the machine that brought it is one that the domain names as its own.
# - **DMARC** pass: at least one of the two speaks for the domain that stands in `From`.
#
# You did nothing for that. It works because `yourdomain.com` is a *verified* domain of this account: its owner has put
# the records into DNS that the API asked for. And it took a while:

# %%
lab.story(by_curl).journey()

# %% jupyter={"source_hidden": true} tags=["check"]
mail = lab.inbox()[0]
holds(
    {
        "three mails arrived": len(lab.inbox()) == 3,
        "the mail is from whom it should be": mail.headers["From"]
        == "hello@yourdomain.com",
        "it came to whom it should": mail.to == by_curl["to"],
        "the subject is the one that was sent": mail.subject == "Welcome!",
        "so is the body": (mail.html or "").strip() == "<h1>Hello</h1>",
        "every signature holds": set(mail.verdicts.values()) == {"pass"},
        "the id of the answer leads to the message": lab.get(
            f"/send/{by_curl['id']}"
        )["status"]
        == "delivered",
    }
)

# %% [markdown]
# ## Exercise 1.1
#
# You have an answer, and want to know how the mail of the curl call stands. Which path of the API do you ask? Change the
# marked value, and run the cell.

# %% tags=["exercise"]
path = "/send"  # <- change this value
asked = lab.get(path)
lab.exercise("1.1", asked=asked, sent=by_curl)

# %% [markdown]
# The solution is in the cell below, folded away.

# %% jupyter={"source_hidden": true} tags=["solution"]
path = f"/send/{by_curl['id']}"  # <- change this value
asked = lab.get(path)
lab.exercise("1.1", asked=asked, sent=by_curl)

# %% [markdown]
# ## Exercise 1.2
#
# This request is refused. Run it, read the `message` of the answer, and change the one value that is at fault.

# %% tags=["exercise"]
sender = "hello@example.org"  # <- change this value
tried = lab.post(
    "/send",
    {
        "from": sender,
        "to": "user@example.com",
        "subject": "Hi",
        "html": "<p>Hi</p>",
    },
)
print(tried.answer_text)
lab.exercise("1.2", tried=tried)

# %% jupyter={"source_hidden": true} tags=["solution"]
sender = "news@yourdomain.com"  # <- change this value
tried = lab.post(
    "/send",
    {
        "from": sender,
        "to": "user@example.com",
        "subject": "Hi",
        "html": "<p>Hi</p>",
    },
)
print(tried.answer_text)
lab.exercise("1.2", tried=tried)

# %% [markdown]
# ## What the document does not say here
#
# - Which status code a success has. Here it is 200 (`CHOICE-01`); look at the class, `2xx`, not at the number.
# - How long an `id` is. Here it is `msg_` and 22 characters (`CHOICE-02`); keep it as a text, and take nothing out of it.
# - What becomes of the same request sent twice. Here it is two mails (`CHOICE-42`), as you have seen.
#
# The numbers lead to `contracts/choices.md`, with the other ways there are.

# %%
lab.close()
