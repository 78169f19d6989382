import { Button } from "@mantine/core";
import { messages } from "../messages";
import { Dialog } from "../shared/Dialog";
import { Kbd } from "../shared/parts";
import classes from "./KeysSheet.module.css";
import { type KeyId, keyLabel, keymap } from "./keymap";

const places: (typeof keymap)[KeyId]["where"][] = [
  "everywhere",
  "day",
  "week",
  "queue",
  "chart",
  "paper",
  "preview",
  "booking",
  "record",
  "known",
  "pad",
  "dental",
];

export function KeysSheet({ onClose }: { onClose: () => void }) {
  const { shell, common } = messages;
  const ids: KeyId[] = [];
  let id: KeyId;
  for (id in keymap) ids.push(id);
  return (
    <Dialog label={shell.keysTitle} onClose={onClose}>
      {/* It scrolls by the arrow keys, from its beginning. */}
      <div className={classes.sheet} tabIndex={-1} data-autofocus>
        <h2>{shell.keysTitle}</h2>
        {places.map((place) => (
          <section key={place}>
            <h3>{shell.keysWhere[place]}</h3>
            <dl>
              {ids
                .filter((one) => keymap[one].where === place)
                .map((one) => (
                  <div key={one}>
                    <dt>{messages.keys[keymap[one].label]}</dt>
                    <dd>
                      <Kbd>{keyLabel(one)}</Kbd>
                      <span className={classes.spoken}>{keyLabel(one)}</span>
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
        <Button variant="default" onClick={onClose}>
          {common.close}
        </Button>
      </div>
    </Dialog>
  );
}
