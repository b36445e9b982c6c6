using System.Buffers;
using System.Collections.Concurrent;
using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>For each law of a sink, sinks that break it: each opens on a memory store.</summary>
internal static class Crimes
{
    public static readonly Dictionary<(string Law, string Crime), Func<MemorySink, IBackupSink>> All = new()
    {
        [("read-back", "keeps only the first segment")] = store => new SabotagedSink(store)
        {
            Put = (name, body, token) => Store(store, name, body.Content.First.ToArray(), token),
        },
        [("read-back", "loses empty objects")] = store => new SabotagedSink(store)
        {
            Put = (name, body, token) => body.Length == 0 ? Task.CompletedTask : store.PutAsync(
                name, body, token).AsTask(),
        },
        [("whole-or-nothing", "writes in place")] = store =>
        new SabotagedSink(store) { Put = (name, body, token) => InPlace(store, name, body, token) },
        [("created-once", "overwrites")] = store =>
        new SabotagedSink(store) { Put = (name, body, token) => Overwrite(store, name, body, token) },
        [("created-once", "says nothing")] = store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                try
                {
                    await store.PutAsync(name, body, token);
                }
                catch (SinkException)
                {
                }
            },
        },
        [("created-once", "throws what it likes")] = store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                try
                {
                    await store.PutAsync(name, body, token);
                }
                catch (SinkException failure)
                {
                    throw new IOException(failure.Message);
                }
            },
        },
        [("one-winner", "looks and then writes")] = store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                await foreach (var item in store.ListAsync(name.ToString(), token))
                    throw new SinkException("taken") { Failure = SinkFailure.AlreadyExists };
                await Task.Delay(20, token);
                await Overwrite(store, name, body, token);
            },
        },
        [("seen-by-others", "writes when it is closed")] = Lazy,
        [("memory-left-alone", "reads on in the background")] = store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                await store.PutAsync(name, body, token);
                _ = Task.Run(async () =>
                {
                    await Task.Delay(20, CancellationToken.None);
                    return body.Content.ToArray();
                }, CancellationToken.None);
            },
        },
        [("memory-left-alone", "forgets to unpin")] = store => new SabotagedSink(store)
        {
            Put = (name, body, token) =>
            {
                _ = body.Content.First.Pin();
                return store.PutAsync(name, body, token).AsTask();
            },
        },
        [("memory-left-alone", "reads on after a failure")] = store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                try
                {
                    await store.PutAsync(name, body, token);
                }
                catch (SinkException)
                {
                    _ = Task.Delay(20, token).ContinueWith(_ => body.Content.ToArray(), TaskScheduler.Default);
                    throw;
                }
            },
        },
        [("names-apart", "cuts long names")] = store => Renaming(store, name => name.Length > 128 ? name[..128] : name),
        [("names-apart", "folds characters")] = store => Renaming(store, name => name.Replace('-', '_')),
        [("ranges", "ignores the length")] = store => new SabotagedSink(store)
        {
            Open = (name, range, token) => store.OpenReadAsync(name, range with { Length = null }, token).AsTask(),
        },
        [("ranges", "refuses an empty range at the end")] = store => new SabotagedSink(store)
        {
            Open = (name, range, token) => store.OpenReadAsync(
                name, range.Offset > 0 && range.Length is null ? new(range.Offset, 1) : range, token).AsTask(),
        },
        [("ranges-beyond", "gives what there is")] = store => new SabotagedSink(store)
        {
            Open = (name, range, token) =>
            {
                int length = store.Content(name).Length;
                long offset = Math.Min(range.Offset, length);
                return store.OpenReadAsync(
                    name, new(offset, range.Length is { } wanted ? Math.Min(wanted, length - offset) : null),
                        token).AsTask();
            },
        },
        [("missing", "gives an empty stream")] = store => Failing(store, _ => null),
        [("missing", "throws what the system threw")] = store =>
        Failing(store, name => new FileNotFoundException(name)),
        [("missing", "calls it transient")] = store =>
            Failing(store, name => new SinkException(name) { Failure = SinkFailure.NotFound, Transient = true }),
        [("missing", "does not name it")] = store =>
        Failing(store, _ => new SinkException("gone") { Failure = SinkFailure.NotFound }),
        [("stream-ends", "starts again")] = store => new SabotagedSink(store)
        {
            Open = async (name, range, token) => new Endless(await store.OpenReadAsync(name, range, token)),
        },
        [("readers-apart", "shares one stream")] = OneStream,
        [("list-order", "walks directory by directory")] = store => new SabotagedSink(store)
        {
            List = (prefix, token) => Sorted(store, prefix, name => name.Replace('/', '\u0001'), token),
        },
        [("list-order", "ignores case")] = store => new SabotagedSink(store)
        {
            List = (prefix, token) => Sorted(store, prefix, name => name.ToLowerInvariant(), token),
        },
        [("list-order", "does not know lengths")] = store => new SabotagedSink(store)
        {
            List = (prefix, token) => store.ListAsync(prefix, token).Select(item => item with { Length = 0 }),
        },
        [("list-prefix", "takes a prefix for a directory")] = store => new SabotagedSink(store)
        {
            List = (prefix, token) => store.ListAsync(prefix, token).Where(item =>
                prefix.Length == 0 || prefix.EndsWith('/') || item.Name.ToString() == prefix || item.Name.ToString()[prefix.Length] == '/'),
        },
        [("list-many", "gives the first page")] = store => new SabotagedSink(store)
        {
            List = (prefix, token) => store.ListAsync(prefix, token).Take(1000),
        },
        [("list-empty", "fails where there is nothing")] = store => new SabotagedSink(store)
        {
            List = (prefix, token) => store.Count == 0
                ? throw new SinkException("nothing there") { Failure =
                    SinkFailure.NotFound } : store.ListAsync(prefix, token),
        },
        [("list-empty", "cleans up the prefix")] = store => new SabotagedSink(store)
        {
            List = (prefix, token) => store.ListAsync(prefix.Trim('/', '.', ' '), token),
        },
        [("delete-one", "deletes nothing")] = store =>
        new SabotagedSink(store) { Delete = (_, _) => Task.CompletedTask },
        [("delete-one", "deletes by prefix")] = store => new SabotagedSink(store)
        {
            Delete = async (name, token) =>
            {
                await foreach (var item in store.ListAsync(name.ToString(), token))
                    await store.DeleteAsync(item.Name, token);
            },
        },
        [("delete-missing", "misses it")] = store => new SabotagedSink(store)
        {
            Delete = (name, token) =>
            {
                store.Content(name);
                return store.DeleteAsync(name, token).AsTask();
            },
        },
        [("cancelled-before", "does not look at the token")] = store => new SabotagedSink(store)
        {
            Put = (name, body, _) => store.PutAsync(name, body, CancellationToken.None).AsTask(),
        },
        [("cancelled-before", "deletes all the same")] = store => new SabotagedSink(store)
        {
            Delete = async (name, token) =>
            {
                await store.DeleteAsync(name, CancellationToken.None);
                token.ThrowIfCancellationRequested();
            },
        },
        [("cancelled-midway", "goes on in the background")] = Restless,
        [("cancelled-midway", "leaves a half")] = store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                byte[] all = body.Content.ToArray();
                await Store(store, name, token.IsCancellationRequested ? all[..(all.Length / 2)] : all,
                    CancellationToken.None);
                token.ThrowIfCancellationRequested();
            },
        },
        [("cancelled-midway", "calls it a failure")] = store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                byte[] all = body.Content.ToArray();
                if (token.IsCancellationRequested)
                    throw new SinkException("connection closed");
                await Store(store, name, all, token);
            },
        },
        [("cancelled-reading", "lists on")] = store => new SabotagedSink(store)
        {
            List = (prefix, _) => store.ListAsync(prefix, CancellationToken.None),
        },
        [("cancelled-reading", "ties the stream to the open")] = store => new SabotagedSink(store)
        {
            Open = async (name, range, token) => new Tied(await store.OpenReadAsync(name, range, token), token),
        },
        [("side-by-side", "takes one call at a time")] = Busy,
        [("traits", "allows no put")] = store => new SabotagedSink(store) { Traits = new() { PutConcurrency = 0 } },
        [("traits", "holds no pack")] =
        store => new SabotagedSink(store) { Traits = new() { MaxObjectLength = 1 << 20 } },
    };

    private static readonly ConcurrentDictionary<ObjectName, Stream> s_shared = new();

    private static Task Store(MemorySink store, ObjectName name, byte[] bytes, CancellationToken token) =>
        store.PutAsync(name, ObjectBody.Of(bytes), token).AsTask();

    private static async Task Overwrite(MemorySink store, ObjectName name, ObjectBody body, CancellationToken token)
    {
        byte[] bytes = body.Content.ToArray();
        try
        {
            await Store(store, name, bytes, token);
        }
        catch (SinkException)
        {
            store.Tamper(name, _ => bytes);
        }
    }

    private static async Task InPlace(MemorySink store, ObjectName name, ObjectBody body, CancellationToken token)
    {
        await Store(store, name, [], token);
        foreach (var memory in body.Content)
        {
            byte[] piece = memory.ToArray();
            store.Tamper(name, bytes => [.. bytes, .. piece]);
        }
    }

    private static SabotagedSink Lazy(MemorySink store)
    {
        var own = new MemorySink();
        return new(store)
        {
            Put = (name, body, token) => own.PutAsync(name, body, token).AsTask(),
            Open = (name, range, token) => own.OpenReadAsync(name, range, token).AsTask(),
            List = own.ListAsync,
            End = async () =>
            {
                await foreach (var item in own.ListAsync("", CancellationToken.None))
                    await Store(store, item.Name, own.Content(item.Name), CancellationToken.None);
            },
        };
    }

    private static SabotagedSink Renaming(MemorySink store, Func<string, string> rename) => new(store)
    {
        Put = (name, body, token) => Overwrite(store, ObjectName.Of(rename(name.ToString())), body, token),
        Open =
            (name, range, token) => store.OpenReadAsync(ObjectName.Of(rename(name.ToString())), range, token).AsTask(),
    };

    private static SabotagedSink Failing(MemorySink store, Func<string, Exception?> failure) => new(store)
    {
        Open = async (name, range, token) =>
        {
            try
            {
                return await store.OpenReadAsync(name, range, token);
            }
            catch (SinkException)
            {
                if (failure(name.ToString()) is { } other)
                    throw other;
                return Stream.Null;
            }
        },
    };

    private static SabotagedSink OneStream(MemorySink store) => new(store)
    {
        Open = (name, _, _) => Task.FromResult(
            s_shared.GetOrAdd(name, _ => Stream.Synchronized(new MemoryStream(store.Content(name))))),
    };

    private static async IAsyncEnumerable<StoredObject> Sorted(
        MemorySink store, string prefix, Func<string, string> key,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token)
    {
        var all = await store.ListAsync(prefix, token).ToListAsync(token);
        foreach (var item in all.OrderBy(item => key(item.Name.ToString()), StringComparer.Ordinal))
            yield return item;
    }

    private static SabotagedSink Restless(MemorySink store) => new(store)
    {
        Put = async (name, body, token) =>
        {
            byte[] all = body.Content.ToArray();
            if (token.IsCancellationRequested)
            {
                _ = Task.Delay(30, CancellationToken.None)
                    .ContinueWith(_ => Store(store, name, all, CancellationToken.None), TaskScheduler.Default);
                token.ThrowIfCancellationRequested();
            }

            await Store(store, name, all, token);
        },
    };

    private static SabotagedSink Busy(MemorySink store)
    {
        int calls = 0;
        return new(store)
        {
            Put = async (name, body, token) =>
            {
                if (Interlocked.Increment(ref calls) > 1)
                    throw new InvalidOperationException("one call at a time");
                await Task.Delay(5, token);
                await store.PutAsync(name, body, token);
                Interlocked.Decrement(ref calls);
            },
        };
    }

    /// <summary>A stream that goes back to its start after it has ended.</summary>
    private sealed class Endless(Stream inner) : PipelineBackup.Shared.SequentialStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer,
            CancellationToken cancellationToken = default)
        {
            int read = await inner.ReadAsync(buffer, cancellationToken);
            if (read == 0)
                inner.Position = 0;
            return read;
        }
    }

    /// <summary>A stream that ends with the token it was opened with.</summary>
    private sealed class Tied(Stream inner, CancellationToken token) : PipelineBackup.Shared.SequentialStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            token.ThrowIfCancellationRequested();
            return inner.ReadAsync(buffer, cancellationToken);
        }
    }
}
