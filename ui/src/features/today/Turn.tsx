import { Button } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";

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
        variant="default"
        leftSection={<IconChevronLeft size={16} aria-hidden="true" />}
        onClick={() => onTurn(-1)}
      >
        {before}
      </Button>
      <Button
        variant="default"
        rightSection={<IconChevronRight size={16} aria-hidden="true" />}
        onClick={() => onTurn(1)}
      >
        {after}
      </Button>
    </>
  );
}
