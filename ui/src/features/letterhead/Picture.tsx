import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { queryKeys, refreshRows } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import classes from "./Letterhead.module.css";

/** The clinic's own picture. It is kept by itself, whatever stands in the form around it. */
export function Picture({ isThere }: { isThere: boolean }) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const { letterhead: words } = messages;
  const show = () => {
    void refreshRows(client);
    void client.invalidateQueries({ queryKey: queryKeys.letterheadPreviews });
  };
  const choose = useMutation({
    mutationFn: () => backend.chooseLogo(),
    onSuccess: (isChosen) => {
      if (!isChosen) return;
      toast(words.logoSaved);
      show();
    },
  });
  const remove = useMutation({
    mutationFn: () => backend.removeLogo(),
    onSuccess: () => {
      toast(words.logoRemoved);
      show();
    },
  });
  const error = choose.error ?? remove.error;
  return (
    <div role="group" aria-labelledby="letterhead-logo" className={classes.picture}>
      <b id="letterhead-logo">{words.logo}</b>
      <p>{words.logoHint}</p>
      <div>
        <Button variant="default" loading={choose.isPending} onClick={() => choose.mutate()}>
          {isThere ? words.otherLogo : words.chooseLogo}
        </Button>
        {isThere && (
          <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
            {words.removeLogo}
          </Button>
        )}
      </div>
      {error && <Problem error={error} />}
    </div>
  );
}
