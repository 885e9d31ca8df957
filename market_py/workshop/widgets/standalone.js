// Draw a figure in a page without a kernel, by a model that keeps the state of the figure.
const listeners = {};
const model = {
  get: (name) => state[name],
  set(name, value) {
    state[name] = value;
    (listeners[`change:${name}`] ?? []).forEach((listener) => listener());
  },
  on: (event, listener) => (listeners[event] ??= []).push(listener),
  off() {},
  send() {},
  save_changes() {},
};
figure.render({ model, el: document.currentScript.previousElementSibling });
