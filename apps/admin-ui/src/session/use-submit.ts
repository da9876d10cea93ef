import { type FormEvent, useState } from 'react';

/** A form that is sent once at a time: what it does, whether it does it now, and what went wrong. */
export const useSubmit = (send: () => Promise<void>): { submit: (event: FormEvent) => void; pending: boolean; error: unknown } => {
  const [error, setError] = useState<unknown>(null);
  const [pending, setPending] = useState(false);
  const run = async (): Promise<void> => {
    setPending(true);
    setError(null);
    try {
      await send();
    } catch (failure) {
      setError(failure);
    } finally {
      setPending(false);
    }
  };
  return {
    pending, error, submit: (event) => {
      event.preventDefault();
      if (!pending) void run();
    },
  };
};
