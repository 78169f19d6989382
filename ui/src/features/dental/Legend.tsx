import type { ReactNode } from "react";
import { messages } from "../../messages";
import classes from "./Odontogram.module.css";

const square = (fill: string, className = classes.outline) => (
  <rect x="2" y="2" width="14" height="14" className={className} style={{ fill }} />
);

/** What colours and patterns mean, each as it is drawn. */
export function Legend() {
  const { legend } = messages.dental;
  const signs: [label: string, sign: ReactNode][] = [
    [legend.caries, square("var(--red)")],
    [legend.filling, square("url(#dental-dots)")],
    [legend.failing, square("url(#dental-faint-dots)", classes.failing)],
    [legend.planned, square("url(#dental-stripes)")],
    [
      legend.crown,
      <rect
        key="crown"
        x="2"
        y="2"
        width="14"
        height="14"
        rx="3"
        className={`${classes.frame} ${classes.done}`}
      />,
    ],
    [legend.rootCanal, <path key="canal" d="M9,2V16" className={`${classes.canal} ${classes.done}`} />],
    [
      legend.implant,
      <path
        key="implant"
        d="M7,16V3H11V16M4,8L14,5M4,12L14,9"
        className={`${classes.screw} ${classes.done}`}
      />,
    ],
    [legend.missing, <path key="missing" d="M3,3L15,15M15,3L3,15" className={classes.cross} />],
    [legend.notErupted, <rect key="hidden" x="2" y="2" width="14" height="14" className={classes.dotted} />],
    [legend.lesion, <circle key="lesion" cx="9" cy="9" r="5.5" className={classes.lesion} />],
  ];
  return (
    <ul className={classes.legend} aria-label={legend.title}>
      {signs.map(([label, sign]) => (
        <li key={label}>
          <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
            {sign}
          </svg>
          {label}
        </li>
      ))}
    </ul>
  );
}
