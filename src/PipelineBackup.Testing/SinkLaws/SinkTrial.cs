using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace PipelineBackup.Testing;

/// <summary>One check of one law: the store, the sinks it opened, and what every law needs to ask.</summary>
/// <param name="law">Name of the law.</param>
/// <param name="store">The store, empty at first.</param>
/// <param name="token">Ends the check.</param>
internal sealed class SinkTrial(string law, ISinkUnderTest store, CancellationToken token) : IAsyncDisposable
{
    private readonly List<IBackupSink> _opened = [];

    public CancellationToken Token => token;

    /// <summary>The longest name that the store has room for, in characters.</summary>
    public int LongestName => store is IPartUnderTest part ? part.LongestName : ObjectName.MaxLength;

    /// <summary>The store's server, where the law needs one.</summary>
    public IServerUnderTest Server => (IServerUnderTest)store;

    /// <summary>The store, asked by somebody who may not, where the law needs that.</summary>
    public ICredentialsUnderTest Credentials => (ICredentialsUnderTest)store;

    /// <summary>Bytes that no other seed gives.</summary>
    public static byte[] Bytes(int seed, int length)
    {
        byte[] bytes = new byte[length];
        var words = MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan());
        ulong state = (ulong)seed * 0x9E37_79B9_7F4A_7C15;
        foreach (ref ulong word in words)
            word = Next(ref state);
        Span<byte> last = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(last, Next(ref state));
        last[..(length % sizeof(ulong))].CopyTo(bytes.AsSpan(words.Length * sizeof(ulong)));
        return bytes;
    }

    // SplitMix64: large bodies are made faster than they are hashed.
    private static ulong Next(ref ulong state)
    {
        ulong z = state += 0x9E37_79B9_7F4A_7C15;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }

    /// <summary>Opens a sink on the store; it is disposed at the end.</summary>
    public Task<IBackupSink> OpenAsync() => OpenAsync(store.OpenAsync(token));

    /// <summary>Takes a sink that is being opened; it is disposed at the end.</summary>
    public async Task<IBackupSink> OpenAsync(ValueTask<IBackupSink> opening)
    {
        var sink = await opening;
        lock (_opened)
            _opened.Add(sink);
        return sink;
    }

    /// <summary>A line of its own to the store's server.</summary>
    public ServerLine NewLine() => Server.Server.Scheme == "http" ? new(Server.Server)
        : throw new SkippedLawException("the line to the server is secured by TLS, which suffers no other line in between");

    /// <summary>Opens a sink over a line; it is disposed at the end.</summary>
    public Task<IBackupSink> OpenAtAsync(ServerLine line) => OpenAsync(Server.OpenAtAsync(line.Address, token));

    /// <summary>
    /// Time for what goes on behind the caller's back; a sink that keeps the laws never needs it.
    /// </summary>
    public Task QuietAsync() => Task.Delay(150, token);

    public ConformanceException Broken(string message, Exception? inner = null) => new(law, message, inner);

    /// <summary>Fails the law unless something holds.</summary>
    public void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw Broken(otherwise);
    }

    public Task PutAsync(IBackupSink sink, string name, byte[] bytes) =>
        sink.PutAsync(ObjectName.Of(name), ObjectBody.Of(bytes), token).AsTask();

    /// <summary>Reads a range to its end, in pieces of a size that divides nothing.</summary>
    public async Task<byte[]> ReadAsync(IBackupSink sink, string name, ByteRange range = default)
    {
        await using var stream = await sink.OpenReadAsync(ObjectName.Of(name), range, token);
        return await ReadAsync(stream);
    }

    public async Task<byte[]> ReadAsync(Stream stream)
    {
        var all = new MemoryStream();
        byte[] buffer = new byte[37_123];
        for (int read; (read = await stream.ReadAsync(buffer, token)) > 0;)
        {
            Require(read <= buffer.Length, $"a read into {buffer.Length} bytes returned {read}");
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    public async Task<List<StoredObject>> ListAsync(IBackupSink sink, string prefix = "")
    {
        var found = new List<StoredObject>();
        await foreach (var item in sink.ListAsync(prefix, token))
            found.Add(item);
        return found;
    }

    /// <summary>Fails the law unless an object has exactly some bytes.</summary>
    public async Task RequireContentAsync(IBackupSink sink, string name, byte[] expected)
    {
        byte[] actual = await ReadAsync(sink, name);
        RequireSame(actual, expected, $"object '{name}'");
    }

    public void RequireSame(byte[] actual, byte[] expected, string what)
    {
        Require(actual.Length == expected.Length, $"{what} gave {actual.Length} bytes instead of {expected.Length}");
        int same = actual.AsSpan().CommonPrefixLength(expected);
        Require(same == expected.Length, $"{what} differs from byte {same} on");
    }

    /// <summary>The power to begin a listing behind a name, where the law needs it.</summary>
    public IResumableListings Resumable(IBackupSink sink) => sink as IResumableListings
        ?? throw new SkippedLawException($"the sink does not begin a listing behind a name ({nameof(IResumableListings)})");

    /// <summary>Fails the law unless a listing gives exactly some names, in their order.</summary>
    public async Task RequireListAsync(IBackupSink sink, string prefix, params IEnumerable<string> expected) =>
        RequireNames($"the listing of '{prefix}'", await ListAsync(sink, prefix), expected);

    /// <summary>Fails the law unless a listing after a name gives exactly some names, in their order.</summary>
    public async Task RequireListAfterAsync(
        IResumableListings sink, string prefix, ObjectName after, IEnumerable<string> expected)
    {
        var found = new List<StoredObject>();
        await foreach (var item in sink.ListAfterAsync(prefix, after, token))
            found.Add(item);
        RequireNames($"the listing of '{prefix}' after '{after}'", found, expected);
    }

    private void RequireNames(string what, List<StoredObject> found, IEnumerable<string> expected)
    {
        string[] actual = [.. found.Select(item => item.Name.ToString())];
        string[] wanted = [.. expected];
        int same = actual.AsSpan().CommonPrefixLength(wanted);
        Require(
            actual.Length == wanted.Length && same == wanted.Length,
            $"{what} has {actual.Length} names, expected {wanted.Length}; at place {same} stands " +
            $"'{actual.ElementAtOrDefault(same)}' instead of '{wanted.ElementAtOrDefault(same)}'");
    }

    /// <summary>Fails the law unless a call fails as it should.</summary>
    public async Task<SinkException> ExpectAsync(SinkFailure expected, string call, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (SinkException failure)
        {
            Require(failure.Failure == expected,
                $"{call} failed with {failure.Failure} instead of {expected}: {failure.Message}");
            return failure;
        }
        catch (Exception failure) when (failure is not ConformanceException)
        {
            throw Broken($"{call} failed with {failure.GetType().Name} instead of a SinkException", failure);
        }

        throw Broken($"{call} succeeded instead of failing with {expected}");
    }

    /// <summary>Fails the law unless a call fails as a lost connection does.</summary>
    public async Task ExpectTransientAsync(string call, Func<Task> act)
    {
        var failure = await ExpectAsync(SinkFailure.Other, call, act);
        Require(failure.Transient, $"{call} failed for good, though it may succeed when the server is back: {failure.Message}");
    }

    /// <summary>Fails the law unless a call ends with <see cref="OperationCanceledException"/>.</summary>
    public async Task ExpectCancelledAsync(string call, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception failure) when (failure is not ConformanceException)
        {
            throw Broken($"{call} failed with {failure.GetType().Name} instead of OperationCanceledException", failure);
        }

        throw Broken($"{call} succeeded though it was cancelled");
    }

    /// <summary>Whether a call that may have been cancelled ended well; fails the law when it failed otherwise.</summary>
    public async Task<bool> EndsOrCancelsAsync(string call, Func<Task> act)
    {
        try
        {
            await act();
            return true;
        }
        catch (OperationCanceledException)
        {
            token.ThrowIfCancellationRequested();
            return false;
        }
        catch (Exception failure) when (failure is not ConformanceException)
        {
            throw Broken(
                $"{call} failed with {failure.GetType().Name} instead of OperationCanceledException: {failure.Message}", failure);
        }
    }

    /// <summary>Does something again and again, cancelled one step later each time, until it has no such step.</summary>
    /// <param name="call">What is cancelled.</param>
    /// <param name="act">Does it once.</param>
    public async Task AtEveryStepAsync(string call, Func<Steps, Task> act)
    {
        // The first ones one by one; of hundreds, those in which bytes only go by, a growing part is left out.
        const int each = 24;
        for (int at = 0; ; at += 1 + (at < each ? 0 : at / 4))
        {
            using var steps = new Steps(at, token);
            await act(steps);
            Require(steps.Failure is null, $"a callback on the token of {call} threw {steps.Failure?.InnerException?.Message}");
            if (steps.Count < at)
                return;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sink in _opened)
            await sink.DisposeAsync();
    }
}
