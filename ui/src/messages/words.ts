// Two digits after the first three from the right, as India counts.
export const number = (count: number) => new Intl.NumberFormat("en-IN").format(count);
export const people = (count: number) => (count === 1 ? "1 person" : `${count} people`);
export const changes = (count: number) => (count === 1 ? "1 change" : `${count} changes`);
export const days = (count: number) => (count === 1 ? "1 day" : `${count} days`);
export const timeLeft = (hours: number) =>
  hours >= 48 ? days(Math.floor(hours / 24)) : hours === 1 ? "1 hour" : `${hours} hours`;
