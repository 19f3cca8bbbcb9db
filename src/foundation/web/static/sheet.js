// The portal's pages for sending records: typed or pasted here, checked here, sealed here.
"use strict";
(() => {
  const sealing = globalThis.chayanSeal;
  const { judge, rows: tableRows } = globalThis.chayanJudge;
  const root = document.getElementById("sealing");
  if (!root) return;
  const { holder, form, lang } = root.dataset;
  const zh = lang !== "en";
  const find = (id) => document.getElementById(id);
  const word = (key, ...values) => {
    const text = document.querySelector(`[data-word="${key}"]`)?.textContent ?? key;
    return values.reduce((whole, value) => whole.replace("…", value), text);
  };
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const say = (text, tone) => {
    find("said").replaceChildren(make("p", { className: `note ${tone}`, textContent: text }));
    find("said").scrollIntoView({ block: "nearest" });
  };

  // Asks the portal; the answer is JSON or a problem with a name.
  const ask = async (path, body, type) => {
    const headers = { accept: "application/json", "chayan-form": form };
    if (type) headers["content-type"] = type;
    const answer = await fetch(path, { method: body === undefined ? "GET" : "POST", headers, body, redirect: "error" });
    if (answer.status === 204) return null;
    const found = await answer.json();
    if (answer.ok) return found;
    const name = String(found.type ?? "").split("/").pop().split(":").pop();
    const faults = (found.faults ?? []).map((fault) => fault.detail ?? `${fault.seq}: ${fault.code}`);
    throw Object.assign(new Error([found.title ?? name, found.detail, ...faults].filter(Boolean).join(" · ")), { status: answer.status, name });
  };

  // Sends the same bytes until there is a definite answer; what has none is kept, sealed.
  const send = async (path, body, type) => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await ask(path, body, type);
      } catch (error) {
        // Who is not signed in any more signs in and comes back; the sealed bytes wait.
        if (attempt === 3 || error.status === 401) throw Object.assign(error, { unanswered: true });
        if (error.status && error.status < 500) throw error;
        await new Promise((wait) => setTimeout(wait, 1000 * 2 ** attempt));
      }
    }
  };

  // A fresh sheet, with the house's time as it goes on.
  const sheetOf = async (path) => {
    const sheet = await ask(`${path}/sheet`);
    const began = performance.now();
    sheet.seconds = () => sheet.now + Math.floor((performance.now() - began) / 1000);
    sheet.kid = sheet.key?.kid;
    sheet.point = sheet.key && { x: sheet.key.x, y: sheet.key.y };
    return sheet;
  };
  const alone = (act) => (navigator.locks ? navigator.locks.request("chayan-send", act) : act());

  // This browser's key, if the business has registered it.
  const signer = async (sheet) => {
    const own = await sealing.get("keys", holder);
    if (own && sheet.signers.includes(own.kid)) return own;
    find("no-key").hidden = false;
    find("no-key").scrollIntoView();
    throw new Error(word("portal-said-none"));
  };

  const guarded = (button, act, settle = () => {}) => async () => {
    button.disabled = true;
    say(word("portal-said-working"), "");
    try {
      await act();
    } catch (error) {
      const key = error.unanswered ? "portal-said-unanswered"
        : error.status === 409 && error.name === "sequence-conflict" ? "portal-said-conflict" : "portal-said-failed";
      say(`${word(key)} ${error.message}`, "bad");
    } finally {
      button.disabled = false;
      settle();
    }
  };

  const close = (path, numbers, totals) => alone(async () => {
    const sheet = await sheetOf(path);
    const own = await signer(sheet);
    const figures = totals ?? Object.fromEntries(sheet.totals.map(({ name }) => [name, 0]));
    const statement = await sealing.close(own, sheet, numbers, figures, sheet.seconds());
    await send(`${path}/close`, statement, "application/jose");
  });

  // ---- the list of days ----

  const makeKey = find("make-key");
  if (makeKey) {
    makeKey.addEventListener("click", guarded(makeKey, async () => {
      const own = await sealing.ownKey(holder);
      await ask("/portal/records/key", JSON.stringify(own.jwk), "application/json");
      find("no-key").hidden = true;
      say(word("portal-said-key"), "good");
    }));
  }
  const showKey = find("own-key");
  const sure = find("sure");
  document.querySelectorAll("button.nil").forEach((button) => {
    button.addEventListener("click", () => {
      find("sure-about").textContent = button.querySelector(".unseen").textContent.trim();
      find("sure-yes").onclick = async () => {
        sure.close();
        await guarded(button, async () => {
          await close(button.dataset.sheet, null);
          button.closest("li").remove();
          say(word("portal-said-nil"), "good");
        })();
      };
      sure.showModal();
    });
  });
  find("sure-no")?.addEventListener("click", () => sure.close());
  const anySheet = document.querySelector("button.nil, [data-sheet]")?.dataset.sheet;
  if (anySheet) {
    sheetOf(anySheet).then(async (sheet) => {
      const own = await sealing.get("keys", holder);
      find("no-key").hidden = Boolean(own && sheet.signers.includes(own.kid));
      if (showKey) showKey.value = JSON.stringify((await sealing.ownKey(holder)).jwk);
    }).catch((error) => say(`${word("portal-said-failed")} ${error.message}`, "bad"));
  }

  // ---- one day ----

  const path = root.dataset.sheet;
  if (!path) return;
  let sheet = null;
  const records = [];
  const OWN = ["salt", "stream", "seq", "amends"];
  const resolved = (node) => {
    let found = node;
    while (found?.$ref) found = found.$ref.slice(2).split("/").reduce((at, name) => at?.[name], sheet.schema);
    return found ?? {};
  };
  const kindOf = (node) => {
    const part = resolved(node);
    if (part.enum) return "choice";
    if (part.format === "instant") return "instant";
    if (part.format === "day") return "day";
    if (part.type === "integer" || part.type === "number" || part.type === "boolean") return part.type;
    return part.type === "array" || part.type === "object" ? "nested" : "text";
  };
  const labelOf = (name) => {
    const label = sheet.members[name]?.label;
    return label ? (zh ? label.zh : label.en) : name;
  };
  const codesOf = (name) => Object.entries(sheet.members[name]?.codes ?? {});
  const members = () => Object.entries(sheet.schema.properties ?? {})
    .filter(([name, node]) => node !== false && !OWN.includes(name))
    .map(([name, node]) => ({ name, node: resolved(node), kind: kindOf(node) }));

  // What a cell means; one that does not fit stays text, and the check says what is wrong.
  const valueOf = ({ name, kind, node }, text) => {
    const cell = text.trim();
    if (kind === "integer" || kind === "number") return /^-?\d+(\.\d+)?$/.test(cell) ? Number(cell) : cell;
    if (kind === "boolean") {
      if (/^(true|yes|y|1|是|有)$/i.test(cell)) return true;
      return /^(false|no|n|0|否|无)$/i.test(cell) ? false : cell;
    }
    if (kind === "instant") {
      const parts = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T ]+(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(cell);
      if (!parts) return cell;
      const two = (part) => (part ?? "0").padStart(2, "0");
      const [, year, month, day, hour, minute, second] = parts;
      return `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${two(second)}+08:00`;
    }
    if (kind === "day") return cell.replace(/^(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})日?$/, (all, y, m, d) => `${y}-${m.padStart(2, "0")}-${d.padStart(2, "0")}`);
    if (kind === "choice" && !node.enum.includes(cell)) {
      const known = codesOf(name).find(([, label]) => label.zh === cell || label.en === cell);
      return known ? known[0] : cell;
    }
    return cell;
  };

  const faultsOf = (record) => {
    const seen = judge(sheet.schema, { salt: "A".repeat(22), stream: sheet.stream, seq: 1, ...record }, sheet.subtype);
    const when = Date.parse(record.occurred_at);
    const own = Number.isNaN(when) ? "" : new Date(when + 8 * 3600e3).toISOString().slice(0, 10);
    const told = seen.map(({ path: at, why }) => `${labelOf(at.split("/")[1] ?? "")}: ${word(`portal-fault-${why}`)}`);
    if (own && own !== sheet.day) told.push(word("portal-fault-day"));
    return told;
  };

  const show = () => {
    const bad = records.filter((record) => faultsOf(record).length > 0).length;
    find("rows").replaceChildren(...records.map((record, at) => {
      const faults = faultsOf(record);
      const line = make("li", { className: faults.length ? "bad" : "good" });
      line.append(make("span", { textContent: `${record.occurred_at ?? ""} ${record.subject_name ?? record.source_no ?? ""}` }));
      if (faults.length) line.append(make("ul", { className: "faults" }, ...faults.map((fault) => make("li", { textContent: fault }))));
      const remove = make("button", { type: "button", className: "plain", textContent: `${word("portal-said-remove")} ${at + 1}` });
      remove.addEventListener("click", () => { records.splice(at, 1); show(); });
      line.append(remove);
      return line;
    }));
    find("count").textContent = word("portal-said-rows", records.length, bad);
    find("send").disabled = records.length === 0 || bad > 0 || !sheet.key;
  };

  const field = (member) => {
    const id = `m-${member.name}`;
    const label = make("label", { htmlFor: id, textContent: labelOf(member.name) });
    let input;
    if (member.kind === "choice" || member.kind === "boolean") {
      const choices = member.kind === "boolean"
        ? [["true", word("portal-yes")], ["false", word("portal-no")]]
        : member.node.enum.map((code) => {
          const known = sheet.members[member.name]?.codes?.[code];
          return [code, known ? (zh ? known.zh : known.en) : code];
        });
      input = make("select", { id }, make("option", { value: "", textContent: word("portal-choose") }),
        ...choices.map(([value, textContent]) => make("option", { value, textContent })));
    } else {
      const type = { instant: "datetime-local", day: "date", integer: "number" }[member.kind] ?? "text";
      input = make("input", { id, type, autocomplete: "off" });
      if (member.kind === "instant" && sheet.schema.required?.includes(member.name)) input.value = `${sheet.day}T12:00`;
    }
    input.dataset.member = member.name;
    return make("div", {}, label, input);
  };

  const typed = () => {
    const record = {};
    for (const member of members()) {
      const text = find(`m-${member.name}`)?.value ?? "";
      if (text !== "") record[member.name] = valueOf(member, text);
    }
    return record;
  };

  // Hides what does not belong into a record as far as it is typed, and marks what must.
  const fit = () => {
    const record = typed();
    const base = { salt: "A".repeat(22), stream: sheet.stream, seq: 1, ...record };
    for (const { name } of members()) {
      const input = find(`m-${name}`);
      if (!input) continue;
      const without = { ...base };
      delete without[name];
      const wanted = judge(sheet.schema, without, sheet.subtype).some((fault) => fault.path === `/${name}` && fault.why === "missing");
      const barred = judge(sheet.schema, { ...without, [name]: record[name] ?? "?" }, sheet.subtype)
        .some((fault) => fault.path === `/${name}` && fault.why === "unneeded");
      input.parentElement.hidden = barred;
      if (barred) input.value = "";
      input.required = wanted;
    }
  };

  const read = (text) => {
    if (text.trim().startsWith("{")) return text.trim().split(/\r?\n/).filter(Boolean).map((line) => JSON.parse(line));
    const [head, ...body] = tableRows(text);
    if (!head || body.length === 0) throw new Error(word("portal-said-empty"));
    const all = members();
    const columns = head.map((title) => {
      const cell = title.trim();
      return all.find(({ name }) => cell === name || cell === sheet.members[name]?.label?.zh || cell.toLowerCase() === sheet.members[name]?.label?.en?.toLowerCase());
    });
    const unknown = head.filter((_, at) => !columns[at]);
    if (unknown.length === head.length) throw new Error(word("portal-said-column", unknown.join(", ")));
    if (unknown.length) say(word("portal-said-column", unknown.join(", ")), "warn");
    return body.map((cells) => Object.fromEntries(columns
      .map((member, at) => [member, cells[at] ?? ""])
      .filter(([member, cell]) => member && cell.trim() !== "")
      .map(([member, cell]) => [member.name, valueOf(member, cell)])));
  };

  const reload = async () => {
    sheet = await sheetOf(path);
    const came = sheet.came;
    find("came").textContent = came ? `${came.first}–${came.last} · ${came.count}` : "0";
    find("totals").replaceChildren(...sheet.totals.map((total) => {
      const id = `t-${total.name}`;
      return make("div", {}, make("label", { htmlFor: id, textContent: zh ? total.zh : total.en }),
        make("input", { id, type: "number", min: 0, step: 1, value: total.records && came ? came.count : 0 }));
    }));
    find("close").disabled = false;
    if (find("fields")) {
      find("fields").replaceChildren(...members().filter(({ kind }) => kind !== "nested").map(field));
      find("fields").onchange = fit;
      find("columns").textContent = members().map(({ name }) => `${labelOf(name)} (${name})`).join(", ");
      fit();
      show();
      if (!sheet.key) say(word("portal-said-no-key-published"), "bad");
    }
  };

  const pushUnanswered = async (kept) => {
    try {
      await send(`${path}/batch`, kept, "application/vnd.chayan.batch");
    } catch (error) {
      if (!error.unanswered) await sealing.forget("unanswered", path);
      throw error;
    }
    await sealing.forget("unanswered", path);
  };

  find("add")?.addEventListener("click", () => { records.push(typed()); show(); });
  find("file")?.addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) find("paste").value = new TextDecoder(find("charset").value).decode(await file.arrayBuffer());
  });
  find("read")?.addEventListener("click", () => {
    try {
      records.push(...read(find("paste").value));
      find("paste").value = "";
      show();
    } catch (error) {
      say(error.message, "bad");
    }
  });
  const sendButton = find("send");
  sendButton?.addEventListener("click", guarded(sendButton, () => alone(async () => {
    const fresh = await sheetOf(path);
    const own = await signer(fresh);
    const { bytes } = await sealing.batch(own, fresh, records, fresh.seconds());
    await sealing.put("unanswered", path, bytes);
    await pushUnanswered(bytes);
    const count = records.length;
    records.length = 0;
    await reload();
    say(word("portal-said-sent", count), "good");
  }), show));
  const closeButton = find("close");
  closeButton.addEventListener("click", guarded(closeButton, async () => {
    const totals = Object.fromEntries(sheet.totals.map(({ name }) => [name, Number(find(`t-${name}`).value)]));
    await close(path, sheet.came, totals);
    say(word("portal-said-closed"), "good");
  }));
  reload().then(async () => {
    const kept = await sealing.get("unanswered", path);
    if (kept) {
      await pushUnanswered(kept);
      await reload();
    }
  }).catch((error) => say(`${word("portal-said-failed")} ${error.message}`, "bad"));
})();
