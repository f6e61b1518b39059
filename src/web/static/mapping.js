// Makes putting right what was found pleasant; everything works without it. A correction is sent, and the page that comes back
// takes the place of this one, with the sheet where it was and the focus where it was.
'use strict';
(() => {
  const main = () => document.querySelector('main.mapping');
  if (!main()) return;
  const status = document.getElementById('status');
  const say = (text, bad = false) => {
    status.textContent = text;
    status.classList.toggle('bad', bad);
  };
  const paper = () => document.querySelector('.paper');
  const rows = () => [...document.querySelectorAll('.grid tbody tr')];
  const rowOf = (element) => element?.closest?.('.grid tbody tr');
  const number = (row) => Number(row.dataset.row);
  const head = (row) => row.querySelector('th button, th .no');
  let busy = false;
  // The rows that are picked: where it began, and where it is.
  let from = null;
  let to = null;
  let dragging = false;

  const draw = () => {
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    for (const row of rows()) row.classList.toggle('picked', from !== null && number(row) >= first && number(row) <= last);
    const form = document.getElementById('rows');
    if (!form) return;
    form.elements.first.value = from === null ? '' : first;
    form.elements.last.value = from === null ? '' : last;
    if (from !== null && first !== last) say(`${first}〜${last}行目を選んでいます`);
  };
  const pick = (begin, end) => {
    [from, to] = [begin, end];
    draw();
  };

  /** What has the focus, so that it can be found again on the page that comes back. */
  const place = () => {
    const focus = document.activeElement;
    const row = rowOf(focus);
    if (row) return `#${row.id} th :is(button, .no)`;
    const col = focus?.closest?.('th[data-col]')?.dataset.col ?? focus?.closest?.('.roles')?.id.split('-')[1];
    if (col) return `th[data-col="${col}"] button`;
    return focus?.id ? `#${focus.id}` : null;
  };
  const send = async (form, submitter) => {
    if (busy) return;
    busy = true;
    say('変更しています…');
    const focus = place();
    const [left, top, side] = [paper().scrollLeft, paper().scrollTop, document.querySelector('.mapside').scrollTop];
    try {
      const body = new URLSearchParams(new FormData(form, submitter));
      const response = await fetch(form.getAttribute('action'), { method: 'POST', body });
      const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
      const page = fresh.querySelector('main.mapping');
      if (!page) {
        if (response.ok) location.assign(response.url);
        else say(fresh.querySelector('#page h1 + p')?.textContent ?? '変更できませんでした。', true);
        return;
      }
      const before = main().querySelector('.foundline strong').textContent;
      main().replaceWith(page);
      if (response.ok && response.url !== location.href) history.replaceState(null, '', response.url);
      paper().scrollTo(left, top);
      document.querySelector('.mapside').scrollTop = side;
      if (focus) document.querySelector(focus)?.focus({ preventScroll: true });
      pick(null, null);
      watch();
      const now = main().querySelector('.foundline strong').textContent;
      if (!response.ok) say(main().querySelector('.wrong')?.textContent ?? '変更できませんでした。', true);
      else say(before === now ? `変更しました（${now}）` : `変更しました（${before} → ${now}）`);
    } catch {
      say('変更できませんでした。接続を確認して、もう一度操作してください。', true);
    } finally {
      busy = false;
    }
  };

  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.closest('main.mapping') || form.id === 'save') return;
    event.preventDefault();
    send(form, event.submitter);
  });

  // With the mouse: over the rows.
  document.addEventListener('pointerdown', (event) => {
    const row = rowOf(event.target);
    if (!row || event.button !== 0 || event.pointerType === 'touch' || event.target.closest('button') || !document.getElementById('rows')) return;
    event.preventDefault();
    dragging = true;
    pick(event.shiftKey && from !== null ? from : number(row), number(row));
  });
  document.addEventListener('pointerover', (event) => {
    const row = rowOf(event.target);
    if (dragging && row) pick(from, number(row));
  });
  document.addEventListener('pointerup', () => { dragging = false; });

  // How far the matching is, while it goes on.
  let watching = 0;
  const watch = () => {
    clearTimeout(watching);
    if (!main()?.querySelector('.foundline .busy')) return;
    watching = setTimeout(async () => {
      try {
        const response = await fetch(location.href);
        const fresh = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('.foundline p');
        if (fresh && !busy) main()?.querySelector('.foundline p')?.replaceWith(fresh);
      } catch { /* The next time may do better. */ }
      watch();
    }, 1500);
  };
  watch();

  const press = (op) => {
    const form = document.getElementById('rows');
    form?.requestSubmit(form.querySelector(`button[value=${op}]`));
  };
  // A menu over a column: it opens with the focus on what the column is for, and the arrows go through it.
  document.addEventListener('toggle', (event) => {
    if (!event.target.matches?.('.roles') || event.newState !== 'open') return;
    (event.target.querySelector('[aria-pressed=true]') ?? event.target.querySelector('button'))?.focus();
  }, true);
  const reveal = (element) => element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  document.addEventListener('keydown', (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !main()) return;
    if (event.target.closest('input, textarea, select')) return;
    const menu = event.target.closest('.roles');
    if (menu) {
      const all = [...menu.querySelectorAll('button')];
      const next = all[all.indexOf(event.target) + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0)];
      if (next && next !== event.target) {
        event.preventDefault();
        next.focus();
      }
      return;
    }
    const row = rowOf(event.target);
    const col = event.target.closest('th[data-col]');
    const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === 'Escape') {
      pick(null, null);
      say('');
    } else if (row && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      const all = rows();
      const next = all[all.indexOf(row) + step];
      if (!next) return;
      if (event.shiftKey) pick(from ?? number(row), number(next));
      else pick(null, null);
      const target = head(next);
      target.tabIndex = target.matches('button') ? 0 : -1;
      target.focus();
      reveal(next);
    } else if (col && (event.key === 'ArrowRight' || event.key === 'ArrowLeft')) {
      event.preventDefault();
      const all = [...document.querySelectorAll('th[data-col] button')];
      const next = all[all.indexOf(event.target) + step];
      next?.focus();
      if (next) reveal(next);
    } else if (col && event.key === 'ArrowDown') {
      event.preventDefault();
      head(rows()[0])?.focus();
    } else if ((event.key === 'x' || event.key === 'b') && document.getElementById('rows')) {
      if (from === null && row) pick(number(row), number(row));
      if (from === null) return;
      event.preventDefault();
      press(event.key === 'x' ? 'leave' : 'block');
    }
  });
})();
