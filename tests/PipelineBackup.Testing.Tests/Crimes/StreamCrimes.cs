using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>Wrong streams.</summary>
internal static class StreamCrimes
{
    public static IReadOnlyList<Crime> All { get; } =
    [
        new("starts again at its end", store => Streaming(store, (inner, _) => new BentStream(inner)
        {
            AtEnd = stream => stream.Position = 0,
        })),
        new("loses bytes of small reads", store => Streaming(store, (inner, _) => new BentStream(inner)
        {
            AfterRead = (stream, wanted) => stream.Position += wanted == 7 && stream.Position < stream.Length ? 1 : 0,
        })),
        new("ends at an empty buffer", store => Streaming(store, (inner, _) => new BentStream(inner)
        {
            AfterRead = (stream, wanted) => stream.Position = wanted == 0 ? stream.Length : stream.Position,
        })),
        new("cannot be ended twice", store => Streaming(store, (inner, _) => new BentStream(inner)
        {
            OnEnd = times => ObjectDisposedException.ThrowIf(times > 1, inner),
        })),
        new("keeps a connection for each stream that is left", store =>
        {
            var connections = new SemaphoreSlim(8);
            return new SabotagedSink(store)
            {
                Open = async (name, range, token) =>
                {
                    var inner = await store.OpenReadAsync(name, range, token);
                    if (!await connections.WaitAsync(TimeSpan.FromMilliseconds(100), token))
                        throw new SinkException("no connection is left");
                    bool isBack = false;
                    return new BentStream(inner)
                    {
                        AfterRead = (stream, _) =>
                        {
                            if (!isBack && stream.Position == stream.Length)
                            {
                                isBack = true;
                                connections.Release();
                            }
                        },
                    };
                },
            };
        }),
        new("ties the stream to the open", store => Streaming(store, (inner, token) => new BentStream(inner)
        {
            BeforeRead = _ => token.ThrowIfCancellationRequested(),
        })),
        new("reads on though cancelled", store => Streaming(store, (inner, _) => new BentStream(inner) { IsDeaf = true })),
        new("has one place for all readers", store =>
        {
            long place = 0;
            return Streaming(store, (inner, _) =>
            {
                place = 0;
                return new BentStream(inner)
                {
                    BeforeRead = stream => stream.Position = Math.Min(place, stream.Length),
                    AfterRead = (stream, _) => place = stream.Position,
                };
            });
        }),
        new("opens one stream at a time", store =>
        {
            int open = 0;
            return Streaming(store, (inner, _) =>
            {
                if (Interlocked.Increment(ref open) > 1)
                {
                    Interlocked.Decrement(ref open);
                    throw new SinkException("one at a time");
                }

                return new BentStream(inner) { OnEnd = times => Interlocked.Add(ref open, times == 1 ? -1 : 0) };
            });
        }),
        new("opens three streams at a time", store =>
        {
            int open = 0;
            return Streaming(store, (inner, _) =>
            {
                if (Interlocked.Increment(ref open) > 3)
                {
                    Interlocked.Decrement(ref open);
                    throw new SinkException("three at a time");
                }

                return new BentStream(inner) { OnEnd = times => Interlocked.Add(ref open, times == 1 ? -1 : 0) };
            });
        }),
    ];

    private static SabotagedSink Streaming(MemorySink store, Func<Stream, CancellationToken, Stream> wrap) => new(store)
    {
        Open = async (name, range, token) => wrap(await store.OpenReadAsync(name, range, token), token),
    };

    private sealed class BentStream(Stream inner) : PipelineBackup.Shared.SequentialStream
    {
        private int _ends;

        public Action<Stream>? BeforeRead { get; init; }

        public Action<Stream, int>? AfterRead { get; init; }

        public Action<Stream>? AtEnd { get; init; }

        public Action<int>? OnEnd { get; init; }

        public bool IsDeaf { get; init; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!IsDeaf)
                cancellationToken.ThrowIfCancellationRequested();
            BeforeRead?.Invoke(inner);
            int read = await inner.ReadAsync(buffer, CancellationToken.None);
            if (read == 0 && buffer.Length > 0)
                AtEnd?.Invoke(inner);
            AfterRead?.Invoke(inner, buffer.Length);
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                OnEnd?.Invoke(++_ends);
            base.Dispose(disposing);
        }
    }
}
