// The list: a listbox of as many nodes as are in sight, some more on both sides, and the one with the
// focus. A node that lost the focus because it scrolled away would take the keyboard's place with it.

import { makeRow, showRow } from './row.js';

const OVERSCAN = 6;
const MOVE = { duration: 180, easing: 'ease-out' };
const REST = 5000;

const still = matchMedia('(prefers-reduced-motion: reduce)');

export class List {
  /** `onActive(row)` hears of the selected row, `onEnd()` that rows below the last one may be needed. */
  constructor(box, inner, { signal, onActive, onEnd }) {
    Object.assign(this, { box, inner, onActive, onEnd });
    this.rows = [];
    this.shown = [];
    this.total = 0;
    this.nodes = new Map();
    this.free = [];
    this.active = null;
    this.self = '';
    this.minute = 0;
    this.isHeld = false;
    box.addEventListener('scroll', () => this.paintSoon(), { passive: true, signal });
    box.addEventListener('click', (event) => this.pressed(event), { signal });
    box.addEventListener('contextmenu', (event) => this.pressed(event), { signal });
    box.addEventListener('focusin', (event) => this.focused(event), { signal });
    this.holdUnderPointer(signal);
    this.sizes = new ResizeObserver(() => this.paintSoon());
    this.sizes.observe(box);
  }

  get height() {
    this.rowHeight ??= Number.parseFloat(getComputedStyle(this.box).getPropertyValue('--row')) || 64;
    return this.rowHeight;
  }

  /** Takes the rows to show. While the pointer is over the list, rows change in place and keep theirs,
   *  unless they answer another question. */
  set(rows, total, question) {
    const isOther = question !== this.question;
    Object.assign(this, { rows, total, question });
    this.arrange(this.isHeld && !isOther && this.shown.length > 0);
  }

  arrange(isHeld) {
    const { rows, shown } = this;
    const byId = isHeld && new Map(rows.map((row) => [row.conversationID, row]));
    this.gone = new Set(isHeld ? shown.map((row) => row.conversationID).filter((id) => !byId.has(id)) : []);
    const next = isHeld ? shown.map((row) => byId.get(row.conversationID) ?? row).concat(this.below(byId)) : rows;
    this.isWaiting = next.length !== rows.length || next.some((row, at) => row !== rows[at]);
    this.place(next);
  }

  /** Rows that came after the last one. */
  below(byId) {
    const last = this.rows.indexOf(byId.get(this.shown[this.shown.length - 1].conversationID));
    return last < 0 ? [] : this.rows.slice(last + 1).filter((row) => !this.index.has(row.conversationID));
  }

  place(rows) {
    const before = this.shown;
    const top = this.box.scrollTop;
    const anchor = top > 0 ? before[Math.floor(top / this.height)] : undefined;
    const old = new Map([...this.nodes].map(([id, node]) => [id, node.top - top]));
    this.shown = rows;
    this.index = new Map(rows.map((row, at) => [row.conversationID, at]));
    this.keepActive(before);
    this.inner.style.blockSize = `${rows.length * this.height}px`;
    // What the user reads stays where it is while rows come above it.
    const at = anchor && this.index.get(anchor.conversationID);
    const was = anchor && Math.floor(top / this.height);
    if (at !== undefined && at !== was) this.box.scrollTop = top + (at - was) * this.height;
    this.paint(before.length > 0 ? old : undefined);
  }

  /** If the selected row left, the one in its place is selected. */
  keepActive(before) {
    const id = this.active;
    if (id !== null && !this.index.has(id)) {
      const at = before.findIndex((row) => row.conversationID === id);
      const hadFocus = this.nodes.get(id) === document.activeElement;
      const heir = this.shown[Math.min(Math.max(at, 0), this.shown.length - 1)];
      this.active = heir?.conversationID ?? null;
      if (hadFocus && heir) this.wantsFocus = true;
    }
    this.active ??= this.shown[0]?.conversationID ?? null;
    this.onActive(this.activeRow());
  }

  activeRow() {
    const row = this.shown[this.index?.get(this.active)];
    return row && !this.gone.has(row.conversationID) ? row : null;
  }

  paintSoon() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => this.paint());
  }

  paint(old) {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { box, height, shown } = this;
    const [top, sight] = [box.scrollTop, box.clientHeight];
    const first = Math.max(0, Math.floor(top / height) - OVERSCAN);
    const last = Math.min(shown.length, Math.ceil((top + sight) / height) + OVERSCAN);
    const wanted = new Set();
    for (let at = first; at < last; at += 1) wanted.add(at);
    const active = this.index?.get(this.active);
    if (active !== undefined) wanted.add(active);
    const order = [...wanted].sort((a, b) => a - b);
    this.recycle(new Set(order.map((at) => shown[at].conversationID)));
    const nodes = order.map((at) => this.nodeAt(at, top, old));
    this.inOrder(nodes);
    if (this.wantsFocus) this.nodes.get(this.active)?.focus({ preventScroll: true });
    this.wantsFocus = false;
    if (shown.length - last < 40) this.onEnd();
  }

  recycle(ids) {
    for (const [id, node] of this.nodes) {
      if (ids.has(id)) continue;
      this.nodes.delete(id);
      node.remove();
      node.getAnimations?.().forEach((move) => move.cancel());
      if (this.free.length < 60) this.free.push(node);
    }
  }

  nodeAt(at, scrolled, old) {
    const row = this.shown[at];
    const id = row.conversationID;
    let node = this.nodes.get(id);
    if (!node) this.nodes.set(id, (node = this.free.pop() ?? makeRow()));
    showRow(node, row, this.self, this.minute);
    const isActive = id === this.active;
    node.tabIndex = isActive ? 0 : -1;
    node.setAttribute('aria-selected', String(isActive));
    node.setAttribute('aria-posinset', String(at + 1));
    node.setAttribute('aria-setsize', String(this.total));
    node.classList.toggle('gone', this.gone.has(id));
    node.ariaDisabled = this.gone.has(id) ? 'true' : null;
    const top = at * this.height;
    if (node.top !== top) node.style.transform = `translateY(${top}px)`;
    node.top = top;
    this.glide(node, top - scrolled, old?.get(id));
    return node;
  }

  /** Moves a row from where it was seen to where it is, if both are in sight. */
  glide(node, now, was) {
    const sight = this.box.clientHeight;
    const isSeen = (top) => top > -this.height && top < sight;
    if (was === undefined || Math.abs(now - was) < 1 || still.matches || !isSeen(now) || !isSeen(was)) return;
    node.animate([{ transform: `translateY(${node.top + was - now}px)` }, { transform: `translateY(${node.top}px)` }], MOVE);
  }

  /** Puts nodes in the order of rows, for screen readers. A node that is moved loses the focus, so the
   *  others are put around the one that has it. */
  inOrder(nodes) {
    const anchor = Math.max(0, nodes.indexOf(document.activeElement));
    if (nodes.length > 0 && nodes[anchor].parentNode !== this.inner) this.inner.append(nodes[anchor]);
    for (let at = anchor - 1; at >= 0; at -= 1) {
      if (nodes[at].nextSibling !== nodes[at + 1]) this.inner.insertBefore(nodes[at], nodes[at + 1]);
    }
    for (let at = anchor + 1; at < nodes.length; at += 1) {
      if (nodes[at].previousSibling !== nodes[at - 1]) nodes[at - 1].after(nodes[at]);
    }
  }

  /** Selects a row and brings it into sight. */
  select(at, hasFocus = true) {
    const row = this.shown[Math.min(Math.max(at, 0), this.shown.length - 1)];
    if (!row) return;
    this.active = row.conversationID;
    const top = this.index.get(this.active) * this.height;
    const { scrollTop, clientHeight } = this.box;
    if (top < scrollTop) this.box.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.box.scrollTop = top + this.height - clientHeight;
    this.wantsFocus = hasFocus;
    this.paint();
    this.onActive(this.activeRow());
  }

  selectId(id, hasFocus) {
    const at = this.index?.get(id);
    if (at !== undefined) this.select(at, hasFocus);
    return at !== undefined;
  }

  move(by) {
    this.select((this.index?.get(this.active) ?? -1) + by);
  }

  page(direction) {
    this.move(direction * Math.max(1, Math.floor(this.box.clientHeight / this.height) - 1));
  }

  focus() {
    const at = this.index?.get(this.active);
    if (at !== undefined) this.select(at);
  }

  pressed(event) {
    const node = event.target.closest?.('.row');
    if (node) this.select(this.index.get(node.dataset.id) ?? 0);
  }

  focused(event) {
    const id = event.target.dataset?.id;
    if (id && id !== this.active && this.index.has(id)) this.select(this.index.get(id));
  }

  /** A row that moves away under the pointer makes the user press another one. */
  holdUnderPointer(signal) {
    const { box } = this;
    const rest = () => {
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.release(), REST);
    };
    const hold = (event) => {
      if (event.pointerType === 'touch') return;
      this.isHeld = true;
      rest();
    };
    box.addEventListener('pointerenter', hold, { signal });
    box.addEventListener('pointermove', hold, { passive: true, signal });
    box.addEventListener('pointerleave', () => this.release(), { signal });
  }

  /** Takes the order that waited. */
  release() {
    clearTimeout(this.resting);
    this.isHeld = false;
    if (this.isWaiting) this.arrange(false);
  }

  /** Shows times again, in sight only. */
  tick(minute) {
    this.minute = minute;
    this.paintSoon();
  }

  close() {
    clearTimeout(this.resting);
    cancelAnimationFrame(this.frame);
    this.sizes.disconnect();
    this.inner.replaceChildren();
  }
}
