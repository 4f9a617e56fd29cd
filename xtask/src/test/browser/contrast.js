// Text and lines that stand out too little from what is behind them: WCAG 2.2, 1.4.3 (4.5:1, large text 3:1) and 1.4.11 (3:1).
(() => {
  const color = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (front, back) => {
    const mix = (channel) => front[channel] * front.a + back[channel] * (1 - front.a);
    return { r: mix('r'), g: mix('g'), b: mix('b'), a: 1 };
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(color(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((back, front) => over(front, back), { r: 255, g: 255, b: 255, a: 1 });
  };
  const light = ({ r, g, b }) => {
    const linear = [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ratio = (front, back) => {
    const [high, low] = [light(over(front, back)), light(back)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const wrong = [];
  const check = (element, front, least, what) => {
    const found = ratio(front, behind(element));
    if (found < least) wrong.push(`${found.toFixed(2)}:1 instead of ${least}:1: ${what}`);
  };
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (!text || !element.checkVisibility({ visibilityProperty: true }) || element.closest('style, title')) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const front = element.closest('svg') ? style.fill : style.color;
    check(element, color(front), large ? 3 : 4.5, `"${text.slice(0, 40)}" (${element.tagName}.${element.getAttribute('class')})`);
    texts += 1;
  }
  for (const line of document.querySelectorAll('svg :is(.line, .limit, .killed, .onset)')) {
    const stroke = getComputedStyle(line).stroke;
    if (!line.checkVisibility()) continue;
    if (stroke === 'none') wrong.push(`no colour: a line (${line.outerHTML.slice(0, 90)})`);
    else check(line, color(stroke), 3, `a line (${line.getAttribute('class')})`);
  }
  if (!texts) wrong.push('no text was found');
  return wrong.slice(0, 8);
})()
