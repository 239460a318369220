// One dialog for all questions. `Esc` answers none.

import { $, make } from './dom.js';
import { clean } from './text.js';

/** Asks; resolves with what `answer()` gives when it is confirmed, else with null. */
export function ask({ title, ok, body = [], answer = () => true }) {
  const box = $('dialog');
  const back = document.activeElement;
  return new Promise((resolve) => {
    let given = null;
    const form = make(
      'form',
      {
        onsubmit(event) {
          event.preventDefault();
          given = answer();
          box.close();
        },
      },
      make('h2', { id: 'dialog-title' }, clean(title)),
      ...body,
      make('p', { class: 'buttons' }, make('button', { type: 'button', onclick: () => box.close() }, ok ? 'Cancel' : 'Close'), ...(ok ? [make('button', {}, ok)] : [])),
    );
    const done = () => {
      box.removeEventListener('close', done);
      box.replaceChildren();
      if (back?.isConnected) back.focus({ preventScroll: true });
      resolve(given);
    };
    box.addEventListener('close', done);
    box.replaceChildren(form);
    box.showModal();
  });
}

export function askText({ title, ok, label, value = '', isLong = false, maxlength }) {
  const field = make(isLong ? 'textarea' : 'input', { dir: 'auto', maxlength: String(maxlength), autofocus: true });
  field.value = value;
  return ask({ title, ok, body: [make('label', {}, label, field)], answer: () => field.value });
}
