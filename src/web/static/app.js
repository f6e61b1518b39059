// Makes the pages pleasant; everything works without it. Links and forms with `data-swap` are fetched, and what changed of the
// page is put in place of the old, so that lists keep their place and nothing flickers.
'use strict';
(() => {
  const status = document.getElementById('status');
  let busy = false;
  let polling = 0;
  let source = null;

  document.documentElement.classList.add('js');

  /** While a page or an answer is on its way, keys and clicks wait: nobody decides on a question that is not yet shown. */
  const occupy = (now) => {
    busy = now;
    document.body.toggleAttribute('data-busy', now);
  };

  const say = (text, bad = false) => {
    status.textContent = text;
    status.classList.toggle('bad', bad);
  };
  const page = () => document.getElementById('page');
  const panes = () => document.querySelector('.panes');
  const detail = () => document.querySelector('section.detail');
  const decide = () => document.querySelector('form[data-decide]');
  const current = () => document.querySelector('.entries .entry[aria-current]')?.closest('.row');

  const changed = (form) => [...(form?.elements ?? [])].some((e) =>
    e.name === 'together' ? false
      : e.type === 'radio' || e.type === 'checkbox' ? e.checked !== e.defaultChecked
        : e.type !== 'hidden' && 'defaultValue' in e && e.value !== e.defaultValue);

  // What is being written outlives the tab: kept in the browser until it is saved.
  const key = (form) => `kaitou-draft-${form.dataset.draft}`;
  const fields = (form) => [...form.elements].filter((e) => e.name && e.name !== 'together' && e.type !== 'hidden' && e.type !== 'submit');
  const keep = (form) => {
    try {
      if (!changed(form)) {
        localStorage.removeItem(key(form));
        return;
      }
      const values = fields(form).filter((e) => e.type !== 'radio' || e.checked).map((e) => [e.name, e.value]);
      localStorage.setItem(key(form), JSON.stringify({ values, revision: form.elements.revision?.value, item: form.elements.item?.value }));
    } catch { /* A browser that keeps nothing still saves. */ }
  };
  const forget = (form) => {
    try {
      localStorage.removeItem(key(form));
    } catch { /* as above */ }
  };
  const restore = (form) => {
    let kept;
    try {
      kept = JSON.parse(localStorage.getItem(key(form)));
    } catch { return; }
    if (!kept || changed(form)) return;
    for (const [name, value] of kept.values) {
      for (const e of fields(form).filter((f) => f.name === name)) {
        if (e.type === 'radio') e.checked = e.value === value;
        else e.value = value;
      }
    }
    if (!changed(form)) {
      forget(form);
      return;
    }
    label(form);
    const note = document.createElement('p');
    note.className = 'notice tight kept';
    note.setAttribute('role', 'status');
    note.textContent = kept.revision === form.elements.revision?.value
      ? '保存していない入力を復元しました。'
      : '保存していない入力を復元しました。その後、保存されている回答が変わっています。内容を確認してください。';
    const drop = document.createElement('button');
    drop.type = 'button';
    drop.className = 'link';
    drop.textContent = '破棄する';
    drop.addEventListener('click', () => {
      forget(form);
      form.reset();
      label(form);
      note.remove();
    });
    note.append(' ', drop);
    form.before(note);
  };
  const label = (form) => {
    const button = form.querySelector('button[data-changed]');
    if (!button) return;
    button.dataset.plain ??= button.textContent;
    button.textContent = changed(form) ? button.dataset.changed : button.dataset.plain;
  };

  /** Marks the row that is shown, and brings it into sight. */
  const mark = (position) => {
    for (const entry of document.querySelectorAll('.entries .entry[aria-current]')) entry.removeAttribute('aria-current');
    document.querySelector(`#q-${position} .entry`)?.setAttribute('aria-current', 'true');
    reveal();
  };
  const reveal = () => {
    const lines = document.querySelector('.lines');
    const entry = lines?.querySelector('.entry[aria-current]');
    if (!entry) return;
    const row = entry.getBoundingClientRect();
    const box = lines.getBoundingClientRect();
    if (row.top < box.top + 60 || row.bottom > box.bottom - 60) lines.scrollTop += row.top - box.top - box.height / 2;
  };

  /** Puts what changed in its place: progress, rows, the question. */
  const patch = (part) => {
    document.getElementById('progress')?.replaceWith(part.querySelector('#progress'));
    for (const row of part.querySelectorAll('li.row')) {
      const now = row.querySelector('[aria-current]');
      document.getElementById(row.id)?.replaceWith(row);
      if (now) mark(row.dataset.position);
    }
    count('[data-left]', part.dataset.left);
    count('[data-settled]', part.dataset.settled);
    detail().replaceWith(part.querySelector('section.detail'));
    detail().scrollTop = 0;
  };
  const count = (selector, n) => {
    const place = document.querySelector(`.filters ${selector}`);
    if (place && n !== undefined) place.textContent = n;
  };

  /** Fetches a page and puts it, or what changed of it, in place. Returns whether it did. */
  const swap = async (url, { init = {}, push = true, message = '', whole = false } = {}) => {
    if (busy) return false;
    occupy(true);
    if (message) say(message);
    const sending = init.method === 'POST';
    try {
      const headers = panes() && !whole ? { 'x-part': '1' } : {};
      const response = await fetch(url, { ...init, headers });
      if (response.status >= 500) throw new Error(response.statusText);
      const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
      const part = fresh.getElementById('part');
      const main = fresh.getElementById('page');
      // What was typed must outlive an answer that has no place for it.
      const bad = sending && !response.ok && !(part ?? main)?.querySelector('form[data-decide]');
      if (bad || !(part ?? main)) {
        say(response.status === 401
          ? '保存していません。サインインし直してください。入力した内容はこのブラウザーに残っています。'
          : main?.querySelector('h1 + p')?.textContent ?? '保存できませんでした。', true);
        return false;
      }
      if (part && document.getElementById(`q-${part.querySelector('.row .entry[aria-current]')?.closest('.row').dataset.position}`)) {
        patch(part);
      } else if (part) {
        occupy(false);
        return await swap(response.url, { push, whole: true });
      } else {
        const place = document.querySelector('.lines')?.scrollTop ?? 0;
        page().replaceWith(main);
        const lines = document.querySelector('.lines');
        if (lines) lines.scrollTop = place;
        reveal();
      }
      document.title = fresh.title;
      // A page that came instead of a stored decision has no address of its own.
      if (push && response.ok && response.url !== location.href) history.pushState(null, '', response.url);
      arrive();
      say(message && response.ok ? '保存しました' : '');
      return response.ok;
    } catch {
      say(sending ? '保存できませんでした。入力した内容はこの画面に残っています。接続を確認して、もう一度操作してください。' : '表示できませんでした。接続を確認してください。', true);
      return false;
    } finally {
      occupy(false);
    }
  };

  // The question among its neighbours in the file: fetched when somebody wants to see it, and then for every question.
  let placed = false;
  const place = async (details) => {
    if (details.querySelector('.paper')) return;
    try {
      const response = await fetch(details.dataset.place);
      const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
      const paper = fresh.getElementById('excerpt');
      if (!response.ok || !paper || !details.isConnected) return;
      paper.removeAttribute('id');
      details.querySelector('p')?.before(paper);
      const row = paper.querySelector('tr.here td.question') ?? paper.querySelector('tr.here');
      if (row) paper.scrollLeft = Math.max(0, row.offsetLeft - 80);
    } catch { /* The link beside it leads there, too. */ }
  };
  document.addEventListener('toggle', (event) => {
    if (!event.target.matches?.('details.place')) return;
    placed = event.target.open;
    if (placed) place(event.target);
  }, true);

  /** After a page or a part of it came in. */
  const arrive = () => {
    let n = 0;
    for (const nth of document.querySelectorAll('.nth')) nth.textContent = ++n <= 9 ? String(n) : '';
    for (const form of document.querySelectorAll('form[data-draft]')) restore(form);
    const details = document.querySelector('details.place');
    if (details && placed) details.open = true;
    listen();
    clearTimeout(polling);
    const seconds = Number(page().dataset.poll);
    if (seconds > 0) polling = setTimeout(poll, seconds * 500);
  };
  const poll = async () => {
    if (!await swap(location.href, { push: false, whole: true })) polling = setTimeout(poll, 5000);
  };

  // What others do. A browser opens six connections to a server and no more: a page that nobody looks at keeps none.
  const listen = () => {
    const url = document.visibilityState === 'visible' ? panes()?.dataset.live : undefined;
    if (!url) {
      silence();
      return;
    }
    if (source && new URL(source.url).pathname === url && source.readyState !== EventSource.CLOSED) return;
    silence();
    source = new EventSource(url);
    let lost = false;
    source.addEventListener('error', () => { lost = true; });
    source.addEventListener('open', () => {
      if (lost) refresh();
      lost = false;
    });
    source.addEventListener('message', (event) => happened(JSON.parse(event.data)));
  };
  const silence = () => {
    source?.close();
    source = null;
  };
  const again = () => {
    const missed = source === null;
    listen();
    if (missed && source) refresh();
  };
  document.addEventListener('visibilitychange', again);
  addEventListener('pagehide', silence);
  let refreshing = 0;
  const refresh = () => {
    clearTimeout(refreshing);
    refreshing = setTimeout(async () => {
      if (busy || [...document.querySelectorAll('form[data-draft]')].some(changed)) {
        refresh();
        return;
      }
      const url = new URL(location.href);
      const at = current()?.dataset.position;
      if (at) url.searchParams.set('at', at);
      for (const name of ['saved', 'batch']) url.searchParams.delete(name);
      const top = detail()?.scrollTop ?? 0;
      if (await swap(url, { push: false, whole: true }) && detail()) detail().scrollTop = top;
    }, 150);
  };
  const happened = (event) => {
    const row = document.getElementById(`q-${event.position}`);
    const shown = current()?.dataset.position === String(event.position);
    if (event.what === 'all') {
      refresh();
    } else if (event.what === 'decided') {
      const known = shown ? Number(decide()?.elements.revision.value) : undefined;
      if (shown && known < event.revision && !busy) {
        if (changed(decide())) {
          say(`${event.by}さんがこの質問を更新しました。保存すると、両方の内容が表示されます。`, true);
        } else {
          refresh();
          return;
        }
      }
      if (!row) {
        refresh();
      } else if (row.dataset.kind !== event.kind) {
        move(row, event);
      }
    } else if (event.what === 'talked' && shown) {
      refresh();
    }
  };
  /** A row stands otherwise now: its state, the counts and the bar follow. */
  const move = (row, event) => {
    const settled = (kind) => kind !== 'open' && kind !== 'asked';
    const step = Number(settled(event.kind)) - Number(settled(row.dataset.kind));
    for (const [selector, by] of [['[data-left]', -step], ['[data-settled]', step]]) {
      const place = document.querySelector(`.filters ${selector}`);
      if (place) place.textContent = Number(place.textContent) + by;
    }
    row.dataset.kind = event.kind;
    const entry = row.querySelector('.entry');
    entry.className = `entry ${event.kind}`;
    const state = document.createElement('span');
    state.className = `state ${event.kind} fresh`;
    state.textContent = event.label;
    state.title = event.by;
    const old = entry.querySelectorAll('.band, .state:not(.flag)');
    old[0]?.replaceWith(state);
    pull();
  };
  /** The numbers of the head, a little later: many decisions can come at once. */
  let pulling = 0;
  const pull = () => {
    if (pulling) return;
    pulling = setTimeout(async () => {
      pulling = 0;
      const at = current()?.dataset.position;
      if (!at || busy) return;
      const response = await fetch(`${location.pathname}?at=${at}`, { headers: { 'x-part': '1' } });
      const part = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('part');
      const fresh = part?.querySelector('#progress');
      if (fresh) document.getElementById('progress')?.replaceWith(fresh);
      count('[data-left]', part?.dataset.left);
      count('[data-settled]', part?.dataset.settled);
    }, 400);
  };

  document.addEventListener('click', async (event) => {
    const link = event.target.closest('a[data-swap]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const whole = link.closest('.filters') !== null;
    if (link.matches('[data-take]') || link.closest('.notice.bad')) forget(decide() ?? link);
    if (await swap(link.href, { whole })) focusQuestion();
  });
  const focusQuestion = () => document.getElementById('question')?.focus({ preventScroll: true });

  document.addEventListener('submit', async (event) => {
    const form = event.target;
    if (form.matches('[data-upload]')) {
      for (const button of form.querySelectorAll('button')) button.disabled = true;
      say('送信しています…');
      return;
    }
    if (!form.matches('[data-swap]')) return;
    event.preventDefault();
    const data = new URLSearchParams(new FormData(form, event.submitter));
    // `form.action` would be the button of that name.
    const action = event.submitter?.getAttribute('formaction') ?? form.getAttribute('action');
    if (form.method === 'get') {
      if (await swap(`${action}?${data}`)) document.querySelector('a[data-take]')?.focus();
      return;
    }
    if (await swap(action, { init: { method: 'POST', body: data }, message: '保存しています…' })) {
      if (form.dataset.draft) {
        forget(form);
        document.querySelector('.kept')?.remove();
      }
      focusQuestion();
    }
  });

  document.addEventListener('input', (event) => {
    const form = event.target.closest('form[data-draft]');
    if (form) {
      label(form);
      keep(form);
    }
    if (event.target.matches('input[type=file]')) {
      const limit = Number(event.target.dataset.limitMb);
      const large = [...event.target.files].some((f) => f.size > limit * 1024 * 1024);
      event.target.setCustomValidity(large ? `ファイルが大きすぎます（上限 ${limit} MB）。` : '');
      event.target.reportValidity();
    }
  });

  const go = (step) => {
    const rows = [...document.querySelectorAll('.entries .row')];
    const row = rows[rows.indexOf(current()) + step];
    row?.querySelector('a.entry').click();
  };
  const nextOpen = () => {
    const rows = [...document.querySelectorAll('.entries .row')];
    const at = rows.indexOf(current());
    const open = [...rows.slice(at + 1), ...rows.slice(0, at)].find((r) => r.dataset.kind === 'open');
    open?.querySelector('a.entry').click();
  };
  const press = (selector) => document.querySelector(selector)?.click();
  const into = (id) => {
    const field = document.getElementById(id);
    field?.focus();
    field?.scrollIntoView({ block: 'nearest' });
  };
  const KEYS = {
    j: () => go(1),
    k: () => go(-1),
    o: nextOpen,
    e: () => into(document.getElementById('text') ? 'text' : 'choice'),
    f: () => press('.decide [data-key=f]'),
    x: () => press('.decide [data-key=x]'),
    n: () => press('.decide [data-key=n]'),
    r: () => press('.decide [data-key=r]'),
    u: () => press('.toast [data-key=u]'),
    a: () => into('assignee'),
    c: () => into('comment'),
    '/': () => into('q'),
    p: () => press('details.place summary'),
    A: () => press('a[data-key=A]'),
    '?': () => document.getElementById('keys')?.showModal(),
  };
  document.addEventListener('keydown', (event) => {
    const form = decide();
    if (!panes() || event.isComposing || document.querySelector('dialog[open]')) return;
    const inForm = event.target.closest('form');
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const other = inForm && inForm !== form && inForm.matches('[data-draft]') ? inForm : form;
      other?.requestSubmit(other.querySelector('button[value=save]'));
      return;
    }
    if (event.key === 'Escape' && event.target.matches('textarea, input, select')) focusQuestion();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest('textarea, input:not([type=radio], [type=checkbox]), select')) return;
    if (event.key === 'Enter') {
      if (event.target.closest('a, button, summary') || event.repeat) return;
      event.preventDefault();
      form?.requestSubmit(form.querySelector('button[value=save]'));
      return;
    }
    const key = event.key.length === 1 && !/[A?]/.test(event.key) ? event.key.toLowerCase() : event.key;
    if (/^[1-9]$/.test(key)) {
      event.preventDefault();
      document.querySelectorAll('a[data-take]')[Number(key) - 1]?.click();
    } else if (KEYS[key]) {
      event.preventDefault();
      KEYS[key]();
    }
  });

  addEventListener('popstate', () => swap(location.href, { push: false, whole: true }));
  // Coming back by the browser's back button must not leave an upload's button dead.
  addEventListener('pageshow', (event) => {
    if (event.persisted) again();
    for (const button of document.querySelectorAll('form[data-upload] button[disabled]')) {
      if (!button.hasAttribute('data-off')) button.disabled = false;
    }
    say('');
  });
  arrive();
  reveal();
})();
