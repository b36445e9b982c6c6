using System.Buffers;
using System.Security.Cryptography;
using Amazon.Runtime;

namespace PipelineBackup.Sinks.S3.Tests;

public sealed class S3SinkTests : IAsyncLifetime
{
    private const int MiB = 1 << 20;
    private static readonly ObjectName s_name = ObjectName.Of("set/object");

    private readonly string _bucket = S3Server.NewBucket();
    private bool _made;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_made)
            Assert.Equal(0, await S3Server.DropAsync(_bucket));
    }

    [Fact]
    public async Task A_bucket_that_is_not_there_is_not_found_and_made_when_it_may_be()
    {
        var failure = await Assert.ThrowsAsync<SinkException>(
            () => S3Sink.OpenAsync(_bucket, "", false, S3Server.Options, Token));
        Assert.Equal((SinkFailure.NotFound, ExitCode.NotFound), (failure.Failure, failure.ExitCode));
        Assert.Contains(_bucket, failure.Message, StringComparison.Ordinal);
        await using var sink = await OpenAsync();
        await using var again = await OpenAsync();
        Assert.False(sink.Traits.SupportsRetention);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Wrong_keys_are_refused_and_told_nowhere(bool unknown)
    {
        await using var sink = await OpenAsync();
        string wrong = unknown ? S3Server.SecretKey : "wrong-" + S3Server.SecretKey;
        var failure = await Assert.ThrowsAsync<SinkException>(() => S3Sink.OpenAsync(_bucket, "", false,
            S3Server.Options with { Credentials = new BasicAWSCredentials(unknown ? "NOBODY" : S3Server.AccessKey, wrong) }, Token));
        Assert.Equal((SinkFailure.AccessDenied, false), (failure.Failure, failure.Transient));
        Assert.DoesNotContain(S3Server.SecretKey, failure.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(failure.Hint);
    }

    [Fact]
    public async Task An_object_above_the_limit_goes_in_parts_and_is_created_once()
    {
        await using var sink = await OpenAsync();
        byte[] content = RandomNumberGenerator.GetBytes((70 * MiB) + 13);
        await sink.PutAsync(s_name, ObjectBody.Of(content), Token);
        await using (var stream = await sink.OpenReadAsync(s_name, ByteRange.All, Token))
            Assert.Equal(SHA256.HashData(content), await SHA256.HashDataAsync(stream, Token));
        using var client = S3Server.Client();
        var head = await client.GetObjectMetadataAsync(_bucket, s_name.ToString(), Token);
        Assert.EndsWith("-5\"", head.ETag, StringComparison.Ordinal);
        var failure = await Assert.ThrowsAsync<SinkException>(
            () => sink.PutAsync(s_name, ObjectBody.Of(content), Token).AsTask());
        Assert.Equal(SinkFailure.AlreadyExists, failure.Failure);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64 * MiB)]
    public async Task Of_sixteen_writers_in_parts_or_whole_one_wins(long multipartAbove)
    {
        await using var sink = await OpenAsync(S3Server.Options with { MultipartAbove = multipartAbove });
        bool[] won = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            for (int attempt = 0; ; attempt++)
            {
                try
                {
                    await sink.PutAsync(s_name, ObjectBody.Of(new byte[200_000 + i]), Token);
                    return true;
                }
                catch (SinkException failure) when (failure.Failure == SinkFailure.AlreadyExists)
                {
                    return false;
                }
                catch (SinkException failure) when (failure.Transient && attempt < 20)
                {
                    await Task.Delay(20, Token);
                }
            }
        })));
        Assert.Single(won, one => one);
    }

    [Fact]
    public async Task Content_that_is_not_what_its_checksum_says_is_not_stored()
    {
        await using var sink = await OpenAsync();
        var body = new ObjectBody(new(new byte[5000]), SHA256.HashData(new byte[1]), 0);
        var failure = await Assert.ThrowsAsync<SinkException>(() => sink.PutAsync(s_name, body, Token).AsTask());
        Assert.True(failure.Failure is SinkFailure.Corrupt, failure.ToString());
        await RequireNothingAsync();
    }

    [Theory]
    [InlineData(64 * MiB)]
    [InlineData(0)]
    public async Task A_server_that_dies_half_way_through_a_put_leaves_nothing(long multipartAbove)
    {
        await using (await OpenAsync())
        {
        }

        await using var line = new CutLine(S3Server.Endpoint, up: 8 * MiB);
        await using var sink = await OpenAsync(
            S3Server.Options with { Endpoint = line.Address, MultipartAbove = multipartAbove, PartLength = 5 * MiB });
        var failure = await Assert.ThrowsAsync<SinkException>(
            () => sink.PutAsync(s_name, ObjectBody.Of(new byte[20 * MiB]), Token).AsTask());
        Assert.True(line.IsCut);
        Assert.True(failure.Transient, failure.ToString());
        await RequireNothingAsync();
        // The line is gone for the abort too; a rule of the bucket is for that.
        if (multipartAbove == 0)
            Assert.Equal(1, await AbortAllAsync());
    }

    [Fact]
    public async Task A_server_that_dies_half_way_through_a_read_is_a_passing_failure()
    {
        await using (var direct = await OpenAsync())
            await direct.PutAsync(s_name, ObjectBody.Of(new byte[20 * MiB]), Token);
        await using var line = new CutLine(S3Server.Endpoint, down: 8 * MiB);
        await using var sink = await OpenAsync(S3Server.Options with { Endpoint = line.Address });
        await using var stream = await sink.OpenReadAsync(s_name, ByteRange.All, Token);
        var failure = await Assert.ThrowsAsync<SinkException>(() => stream.CopyToAsync(Stream.Null, Token));
        Assert.True(line.IsCut);
        Assert.True(failure.Transient, failure.ToString());
    }

    [Fact]
    public async Task An_upload_in_parts_that_is_cancelled_is_aborted()
    {
        await using var sink = await OpenAsync(S3Server.Options with { MultipartAbove = 0, PartLength = 5 * MiB, PartConcurrency = 1 });
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var body = new ObjectBody(CancellingAt(cancel, 12 * MiB, 20 * MiB), new byte[32], 0);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sink.PutAsync(s_name, body, cancel.Token).AsTask());
        await RequireNothingAsync();
        Assert.Equal(0, await AbortAllAsync());
    }

    [Fact]
    public async Task A_locked_object_cannot_be_deleted_before_its_time()
    {
        await using var sink = await OpenAsync(S3Server.Options with { CreateWithObjectLock = true });
        Assert.True(sink.Traits.SupportsRetention);
        var body = new ObjectBody(new(new byte[10]), SHA256.HashData(new byte[10]), Crc32C.Of(new byte[10]))
        {
            RetainUntil = DateTimeOffset.UtcNow.AddHours(1),
        };
        await sink.PutAsync(s_name, body, Token);
        var found = await sink.GetLockAsync(s_name, Token);
        Assert.False(found.IsHeld);
        Assert.InRange((found.RetainUntil!.Value - body.RetainUntil.Value).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(default, await sink.GetLockAsync(ObjectName.Of("not/there"), Token));
        var failure = await Assert.ThrowsAsync<SinkException>(() => sink.DeleteAsync(s_name, Token).AsTask());
        Assert.Equal((SinkFailure.AccessDenied, false), (failure.Failure, failure.Transient));
        Assert.Contains("retention", failure.Hint, StringComparison.Ordinal);
        await using var stream = await sink.OpenReadAsync(s_name, ByteRange.All, Token);
        Assert.Equal(0, stream.ReadByte());
        // Nor is what is not locked kept: no version of it is left to be paid for.
        var other = ObjectName.Of("set/other");
        await sink.PutAsync(other, ObjectBody.Of(new byte[10]), Token);
        await sink.DeleteAsync(other, Token);
        using var client = S3Server.Client();
        var versions = await client.ListVersionsAsync(_bucket, other.ToString(), Token);
        Assert.Empty(versions.Versions ?? []);
    }

    [Fact]
    public async Task A_bucket_without_locks_refuses_to_promise_them()
    {
        await using var sink = await OpenAsync();
        var body = new ObjectBody(new(new byte[10]), SHA256.HashData(new byte[10]), 0)
        {
            RetainUntil = DateTimeOffset.UtcNow.AddHours(1),
        };
        var failure = await Assert.ThrowsAsync<SinkException>(() => sink.PutAsync(s_name, body, Token).AsTask());
        Assert.False(failure.Transient);
        await RequireNothingAsync();
    }

    [Fact]
    public async Task Tags_are_on_the_object()
    {
        await using var sink = await OpenAsync(
            S3Server.Options with { Tags = new Dictionary<string, string> { ["team"] = "data base" } });
        await sink.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token);
        using var client = S3Server.Client();
        var tags = await client.GetObjectTaggingAsync(new() { BucketName = _bucket, Key = s_name.ToString() }, Token);
        Assert.Equal(["team=data base"], tags.Tagging.Select(tag => $"{tag.Key}={tag.Value}"));
    }

    private async Task<S3Sink> OpenAsync(S3SinkOptions? options = null)
    {
        var sink = await S3Sink.OpenAsync(_bucket, "", create: true, options ?? S3Server.Options, Token);
        _made = true;
        return sink;
    }

    private async Task RequireNothingAsync()
    {
        await using var sink = await OpenAsync();
        await foreach (var item in sink.ListAsync("", Token))
            Assert.Fail($"'{item.Name}' is there");
    }

    private async Task<int> AbortAllAsync()
    {
        using var client = S3Server.Client();
        var uploads = await client.ListMultipartUploadsAsync(
            new Amazon.S3.Model.ListMultipartUploadsRequest { BucketName = _bucket }, Token);
        foreach (var one in uploads.MultipartUploads ?? [])
            await client.AbortMultipartUploadAsync(new() { BucketName = _bucket, Key = one.Key, UploadId = one.UploadId }, Token);
        return uploads.MultipartUploads?.Count ?? 0;
    }

    // Memory that cancels a token when it is looked at behind a place.
    private static ReadOnlySequence<byte> CancellingAt(CancellationTokenSource cancel, int at, int length)
    {
        var first = new Segment(new byte[at], 0);
        var last = first.Then(new Watched(cancel, length - at).Memory);
        return new(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public Segment Then(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }

    private sealed class Watched(CancellationTokenSource cancel, int length) : MemoryManager<byte>
    {
        private readonly byte[] _bytes = new byte[length];

        public override Memory<byte> Memory => CreateMemory(_bytes.Length);

        public override Span<byte> GetSpan()
        {
            cancel.Cancel();
            return _bytes;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}
