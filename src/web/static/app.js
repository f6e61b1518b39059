// Makes the pages pleasant; everything works without it. Links and forms with `data-swap` are fetched, and the new page's
// main part is put in place of the old one, so that lists keep their place and nothing flickers.
'use strict';
(() => {
  const status = document.getElementById('status');
  let busy = false;
  let polling = 0;

  document.documentElement.classList.add('js');

  const say = (text, bad = false) => {
    status.textContent = text;
    status.classList.toggle('bad', bad);
  };
  const page = () => document.getElementById('page');
  const decide = () => document.querySelector('form[data-decide]');

  const changed = (form) => [...(form?.elements ?? [])].some((e) =>
    e.type === 'radio' ? e.checked !== e.defaultChecked : e.type !== 'hidden' && 'defaultValue' in e && e.value !== e.defaultValue);
  const mayLeave = () => !changed(decide()) || confirm('保存していない変更があります。変更を捨てて移動しますか。');

  /** Fetches a page and swaps its main part in. Returns whether it did. */
  const swap = async (url, { init, push = true, message = '' } = {}) => {
    if (busy) return false;
    busy = true;
    if (message) say(message);
    try {
      const response = await fetch(url, init);
      if (response.status >= 500) throw new Error(response.statusText);
      const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
      const main = fresh.getElementById('page');
      // What was typed must outlive an answer that has no place for it.
      if (!main || (init && !response.ok && !main.querySelector('form[data-decide]'))) throw new Error('no page');
      const place = document.querySelector('.lines')?.scrollTop ?? 0;
      page().replaceWith(main);
      document.title = fresh.title;
      // A page that came instead of a stored decision has no address of its own.
      if (push && response.ok && response.url !== location.href) history.pushState(null, '', response.url);
      arrive(place);
      say(message && response.ok ? '保存しました' : '');
      return true;
    } catch {
      say(init ? '保存できませんでした。入力した内容はこの画面に残っています。接続を確認して、もう一度操作してください。' : '表示できませんでした。接続を確認してください。', true);
      return false;
    } finally {
      busy = false;
    }
  };

  /** After a page or a part of it came in. */
  const arrive = (place) => {
    const lines = document.querySelector('.lines');
    if (lines) {
      lines.scrollTop = place;
      const current = lines.querySelector('.entry[aria-current]');
      if (current) {
        const row = current.getBoundingClientRect();
        const box = lines.getBoundingClientRect();
        if (row.top < box.top + 60 || row.bottom > box.bottom - 60) lines.scrollTop += row.top - box.top - box.height / 2;
      }
    }
    clearTimeout(polling);
    const seconds = Number(page().dataset.poll);
    if (seconds > 0) polling = setTimeout(poll, seconds * 500);
  };
  const poll = async () => {
    if (!await swap(location.href, { push: false })) polling = setTimeout(poll, 5000);
  };

  document.addEventListener('click', async (event) => {
    const link = event.target.closest('a[data-swap]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!mayLeave()) return;
    const toQuestion = link.closest('.detail') !== null;
    if (await swap(link.href) && toQuestion) document.getElementById('question')?.focus({ preventScroll: true });
  });

  document.addEventListener('submit', async (event) => {
    const form = event.target;
    if (form.matches('[data-upload]')) {
      for (const button of form.querySelectorAll('button')) button.disabled = true;
      say('送信しています…');
      return;
    }
    if (!form.matches('[data-swap]')) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    // `form.action` would be the button of that name.
    if (await swap(form.getAttribute('action'), { init: { method: 'POST', body }, message: '保存しています…' })) {
      document.getElementById('question')?.focus({ preventScroll: true });
    }
  });

  document.addEventListener('input', (event) => {
    const form = event.target.closest('form[data-decide]');
    const button = form?.querySelector('button[data-changed]');
    if (button) {
      button.dataset.plain ??= button.textContent;
      button.textContent = changed(form) ? button.dataset.changed : button.dataset.plain;
    }
    if (event.target.matches('input[type=file]')) {
      const limit = Number(event.target.dataset.limitMb);
      const large = [...event.target.files].some((f) => f.size > limit * 1024 * 1024);
      event.target.setCustomValidity(large ? `ファイルが大きすぎます（上限 ${limit} MB）。` : '');
      event.target.reportValidity();
    }
  });

  document.addEventListener('keydown', (event) => {
    const form = decide();
    if (!form) return;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector('button[value=save]'));
      return;
    }
    if (event.key === 'Escape') document.activeElement.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest('textarea, input:not([type=radio]), select')) return;
    const press = (selector) => {
      const target = document.querySelector(selector);
      if (target) {
        event.preventDefault();
        target.click();
      }
    };
    if (event.key === 'j') press('a[rel=next]');
    if (event.key === 'k') press('a[rel=prev]');
    if (event.key === 'e') {
      event.preventDefault();
      document.getElementById('text')?.focus();
    }
  });

  addEventListener('popstate', () => swap(location.href, { push: false }));
  addEventListener('beforeunload', (event) => {
    if (!busy && changed(decide())) event.preventDefault();
  });
  // Coming back by the browser's back button must not leave an upload's button dead.
  addEventListener('pageshow', () => {
    for (const button of document.querySelectorAll('form[data-upload] button[disabled]')) {
      if (!button.hasAttribute('data-off')) button.disabled = false;
    }
    say('');
  });
  arrive(0);
})();
