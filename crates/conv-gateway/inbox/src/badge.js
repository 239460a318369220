// The number in the title and in the icon of the page.

let shown = '';

export function showBadge(unread) {
  const text = unread > 99 ? '99+' : unread > 0 ? String(unread) : '';
  document.title = text ? `(${text}) Inbox` : 'Inbox';
  if (text === shown) return;
  shown = text;
  document.querySelector('link[rel=icon]').href = draw(text);
}

function draw(text) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 32;
  const pen = canvas.getContext('2d');
  if (!pen) return 'data:,';
  pen.fillStyle = text ? '#c2185b' : '#5b6472';
  pen.beginPath();
  pen.arc(16, 16, 16, 0, 2 * Math.PI);
  pen.fill();
  pen.fillStyle = '#fff';
  pen.font = `bold ${text.length > 2 ? 14 : 19}px sans-serif`;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText(text || '✉', 16, 17);
  return canvas.toDataURL();
}
