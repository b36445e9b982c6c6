using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>Wrong ways to open a range, and to say what is not there.</summary>
internal static class ReadingCrimes
{
    public static IReadOnlyList<Crime> All { get; } =
    [
        new("ignores the length of a range", store => Bending(store, (range, _) => range with { Length = null })),
        new("takes the length for the end", store => Bending(store, (range, _) =>
            range.Length is { } end && end >= range.Offset ? new(range.Offset, end - range.Offset) : range)),
        new("stops at a bound of its parts", store => Bending(store, (range, _) =>
            range is { Offset: > 1 << 20, Length: { } length } && range.Offset / (4 << 20) < (range.Offset + length) / (4 << 20)
                ? new(range.Offset, ((range.Offset / (4 << 20)) + 1) * (4 << 20) - range.Offset) : range)),
        new("refuses an empty range at the end", store => new SabotagedSink(store)
        {
            Open = (name, range, token) => store.Has(name) && range.Offset == store.Content(name).Length && range.Offset > 0
                ? throw Beyond(name) : store.OpenReadAsync(name, range, token).AsTask(),
        }),
        new("gives what there is", store => Bending(store, (range, length) =>
        {
            long offset = Math.Min(range.Offset, length);
            return new(offset, range.Length is { } wanted ? Math.Min(wanted, length - offset) : null);
        })),
        new("counts in 31 bits", store => Bending(store, (range, _) =>
            new(range.Offset & int.MaxValue, range.Length is { } length ? length & int.MaxValue : null))),
        new("adds without a look", store => new SabotagedSink(store)
        {
            Open = (name, range, token) => store.Has(name) && unchecked(range.Offset + (range.Length ?? 0)) < 0
                ? throw new OverflowException() : store.OpenReadAsync(name, range, token).AsTask(),
        }),
        new("calls a range beyond the end transient", store => new SabotagedSink(store)
        {
            Open = (name, range, token) => store.Has(name) && !range.Fits(store.Content(name).Length)
                ? throw new SinkException($"'{name}'") { Failure = SinkFailure.NotFound, Transient = true }
                : store.OpenReadAsync(name, range, token).AsTask(),
        }),
        new("gives an empty stream of what is missing", store => store.Failing((_, _) => null)),
        new("throws what the system threw", store => store.Failing((name, _) => new FileNotFoundException(name))),
        new("calls what is missing transient", store => new SabotagedSink(store)
        {
            Open = (name, range, token) => store.Has(name) ? store.OpenReadAsync(name, range, token).AsTask()
                : throw new SinkException($"'{name}'") { Failure = SinkFailure.NotFound, Transient = true },
        }),
        new("does not say which", store => store.Failing(
            (_, failure) => new SinkException("gone") { Failure = failure.Failure },
            (_, failure) => new SinkException("taken") { Failure = failure.Failure })),
    ];

    private static SinkException Beyond(ObjectName name) => new($"'{name}' ends before") { Failure = SinkFailure.NotFound };

    private static SabotagedSink Bending(MemorySink store, Func<ByteRange, int, ByteRange> bend) => new(store)
    {
        Open = (name, range, token) => store.OpenReadAsync(
            name, store.Has(name) ? bend(range, store.Content(name).Length) : range, token).AsTask(),
    };
}
