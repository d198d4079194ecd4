/**
 * One bot message as elements of the page.
 *
 * Everything the bot says becomes text nodes; no string is ever read as markup, no link followed.
 */

const WEB = /^https?:\/\//i;

/** Return a new element; text, when given, is its only content. */
export function make(tag, className = "", text = null) {
  const element = document.createElement(tag);
  if (className) {
    element.className = className;
  }
  if (text !== null) {
    element.textContent = text;
  }
  return element;
}

/**
 * Return the elements of a message, in reading order, never none.
 *
 * choose(title, payload) is called when the person takes one of the offered choices.
 */
export function partsOf(message, choose) {
  if (message === null || typeof message !== "object" || Array.isArray(message)) {
    return [data("Message", message)];
  }
  const { text, image, attachment, elements, custom, buttons, quick_replies: quick } = message;
  const parts = [];
  if (given(text)) {
    parts.push(typeof text === "object" ? data("Text", text) : bubble(String(text)));
  }
  if (given(image)) {
    parts.push(picture(image));
  }
  if (given(attachment)) {
    parts.push(attached(attachment));
  }
  if (given(elements)) {
    parts.push(Array.isArray(elements) ? cards(elements, choose) : data("Elements", elements));
  }
  if (given(custom)) {
    parts.push(data("Custom data", custom));
  }
  for (const offered of [buttons, quick].filter(given)) {
    parts.push(Array.isArray(offered) ? choices(offered, choose) : data("Buttons", offered));
  }
  return parts.length > 0 ? parts : [data("Message", message)];
}

function given(value) {
  return value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
}

function bubble(text) {
  const element = make("p", "bubble", text);
  element.dir = "auto";
  return element;
}

function picture(source, title = "") {
  if (typeof source !== "string") {
    return data("Image", source);
  }
  if (!WEB.test(source)) {
    return missing("An image that cannot be shown here", source);
  }
  const image = make("img", "picture");
  image.alt = title || `Image from the assistant: ${lastName(source)}`;
  image.referrerPolicy = "no-referrer";
  image.decoding = "async";
  image.addEventListener("error", () => image.replaceWith(missing("The image could not be loaded", source)), { once: true });
  image.src = source;
  return image;
}

function missing(what, source) {
  const element = make("p", "bubble missing");
  element.append(make("span", "missing-what", `${what}: `), make("span", "address", source));
  return element;
}

function lastName(address) {
  try {
    const path = new URL(address).pathname.split("/").filter(Boolean);
    return decodeURIComponent(path.at(-1) ?? "") || new URL(address).hostname;
  } catch {
    return "no name";
  }
}

function attached(attachment) {
  if (typeof attachment === "string") {
    return bubble(`Attachment: ${attachment}`);
  }
  const source = attachment?.payload?.src ?? attachment?.payload?.url;
  const shown = attachment?.type === "image" && typeof source === "string" && WEB.test(source);
  return shown ? picture(source) : data("Attachment", attachment);
}

/** Readable JSON, for what this page has no other form for. */
function data(title, value) {
  const figure = make("figure", "data");
  const listing = make("pre", "", JSON.stringify(value, null, 2));
  listing.tabIndex = 0;
  listing.setAttribute("aria-label", `${title} as JSON`);
  figure.append(make("figcaption", "", title), listing);
  return figure;
}

function cards(elements, choose) {
  const row = make("div", "cards");
  row.append(...elements.map((element) => card(element, choose)));
  return row;
}

function card(element, choose) {
  if (element === null || typeof element !== "object") {
    return data("Element", element);
  }
  const { title, subtitle, image_url: image, item_url: address, buttons } = element;
  const box = make("article", "card");
  if (given(image)) {
    box.append(picture(image, given(title) ? `Image: ${label(title)}` : ""));
  }
  if (given(title)) {
    box.append(make("h3", "", label(title)));
  }
  if (given(subtitle)) {
    box.append(make("p", "", label(subtitle)));
  }
  if (given(address)) {
    box.append(make("p", "address", label(address)));
  }
  if (Array.isArray(buttons) && buttons.length > 0) {
    box.append(choices(buttons, choose));
  }
  return box.childElementCount > 0 ? box : data("Element", element);
}

function choices(offered, choose) {
  const group = make("div", "choices");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Choices");
  group.append(...offered.map((choice) => oneChoice(choice, choose)));
  return group;
}

function oneChoice(choice, choose) {
  const { title, payload, url } = choice !== null && typeof choice === "object" ? choice : { title: choice };
  if (!given(title) && !given(payload)) {
    return data("Choice", choice);
  }
  const words = label(given(title) ? title : payload);
  if (!given(payload) && given(url)) {
    return make("p", "bubble address", `${words}: ${label(url)}`);
  }
  const button = make("button", "choice", words);
  button.type = "button";
  button.dir = "auto";
  button.dataset.payload = given(payload) ? label(payload) : words;
  button.addEventListener("click", () => choose(words, button.dataset.payload));
  return button;
}

function label(value) {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
