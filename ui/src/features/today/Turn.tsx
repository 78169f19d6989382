import { Button } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import classes from "./Today.module.css";

interface Props {
  before: string;
  after: string;
  onTurn: (by: 1 | -1) => void;
}

/** To the day or the week before, and to the next. */
export function Turn({ before, after, onTurn }: Props) {
  return (
    <>
      <Button
        className={classes.turn}
        variant="default"
        leftSection={<IconChevronLeft size={16} aria-hidden="true" />}
        onClick={() => onTurn(-1)}
      >
        <span className={classes.word}>{before}</span>
      </Button>
      <Button
        className={classes.turn}
        variant="default"
        rightSection={<IconChevronRight size={16} aria-hidden="true" />}
        onClick={() => onTurn(1)}
      >
        <span className={classes.word}>{after}</span>
      </Button>
    </>
  );
}
