// Two digits after the first three from the right, as India counts; Latin digits in every language.
export const number = (count: number) => new Intl.NumberFormat("en-IN").format(count);
export const people = (count: number) => `${count} व्यक्ति`;
export const changes = (count: number) => `${count} बदलाव`;
export const days = (count: number) => `${count} दिन`;
export const timeLeft = (hours: number) => (hours >= 48 ? days(Math.floor(hours / 24)) : `${hours} घंटे`);
