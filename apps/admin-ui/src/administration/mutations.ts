import { useMutation, useQueryClient, type QueryKey } from '@tanstack/react-query';
import { toast } from '../ui/toast';

/** A change that, once made, has a list read again and says so. */
export const useChange = <Input, Output = unknown>(change: (input: Input) => Promise<Output>, { renew, done, onDone }: { renew: QueryKey; done?: string; onDone?: (output: Output) => void }) => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async (output) => {
      await client.invalidateQueries({ queryKey: renew });
      if (done !== undefined) toast(done);
      onDone?.(output);
    },
  });
};
