using System.Text;

namespace PipelineBackup.Sinks.S3.Tests;

/// <summary>Answers that the provider's library trips over: no exception of its own inside comes through.</summary>
public sealed class S3StrangeAnswerTests
{
    private static readonly ObjectName s_name = ObjectName.Of("set/object");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("\"5d41402abc4b2a76b9719d911017c592\"")]
    [InlineData("\"00000000000000000000000000000000\"")]
    [InlineData("\"0123456789abcdef0123456789abcdeg\"")]
    [InlineData("\"abc\"")]
    [InlineData("\"\"")]
    [InlineData("W/\"version 7\"")]
    [InlineData("\"5d41402abc4b2a76b9719d911017c592-3\"")]
    public async Task Whatever_the_tag_of_an_object_it_is_read(string tag)
    {
        await using var server = new ScriptedServer(_ => $"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: {tag}\r\n\r\nhello");
        await using var sink = await server.OpenAsync();
        await using var stream = await sink.OpenReadAsync(s_name, ByteRange.All, Token);
        var content = new MemoryStream();
        await stream.CopyToAsync(content, Token);
        Assert.Equal("hello", Encoding.ASCII.GetString(content.ToArray()));
        Assert.DoesNotContain("range", Assert.Single(server.Requests).Headers.Keys);
    }

    [Theory]
    [InlineData("get", "Last-Modified: yesterday")]
    [InlineData("get", "x-amz-missing-meta: some")]
    [InlineData("get", "x-amz-tagging-count: 99999999999")]
    [InlineData("get", "x-amz-object-lock-retain-until-date: soon")]
    [InlineData("length", "Last-Modified: yesterday")]
    [InlineData("length", "x-amz-server-side-encryption-bucket-key-enabled: perhaps")]
    [InlineData("put", "x-amz-object-size: 99999999999999999999")]
    [InlineData("put", "x-amz-server-side-encryption-bucket-key-enabled: perhaps")]
    public async Task A_header_that_makes_no_sense_is_a_failure_of_the_sink(string call, string header)
    {
        await using var server = new ScriptedServer(_ => $"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{header}\r\n\r\n");
        await using var sink = await server.OpenAsync();
        var failure = await Assert.ThrowsAsync<SinkException>(() => call switch
        {
            "put" => sink.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token).AsTask(),
            "get" => sink.OpenReadAsync(s_name, ByteRange.All, Token).AsTask(),
            _ => sink.OpenReadAsync(s_name, new(0, 0), Token).AsTask(),
        });
        Assert.Equal((SinkFailure.Other, false), (failure.Failure, failure.Transient));
        Assert.Contains("set/object", failure.Message, StringComparison.Ordinal);
        Assert.Contains("makes no sense", failure.Message, StringComparison.Ordinal);
        Assert.Contains("endpoint", failure.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<MaxKeys>many</MaxKeys>")]
    [InlineData("<KeyCount>99999999999</KeyCount>")]
    [InlineData("<IsTruncated>perhaps</IsTruncated>")]
    [InlineData("<Contents><Key>a</Key><Size>long</Size></Contents>")]
    [InlineData("<Contents><Key>a</Key><Size/></Contents>")]
    [InlineData("<Contents><Key>a</Key><LastModified>99999-01-01T00:00:00Z</LastModified></Contents>")]
    public async Task A_page_that_makes_no_sense_is_a_failure_of_the_sink(string page)
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Answer(200, $"<ListBucketResult>{page}</ListBucketResult>"));
        await using var sink = await server.OpenAsync();
        var failure = await Assert.ThrowsAsync<SinkException>(async () => await sink.ListAsync("", Token).ToListAsync(Token));
        Assert.Equal((SinkFailure.Other, false), (failure.Failure, failure.Transient));
        Assert.Contains("makes no sense", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<NextContinuationToken/>")]
    public async Task A_listing_that_has_more_and_does_not_say_where_is_not_taken_for_complete(string token)
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Answer(200,
            $"<ListBucketResult><IsTruncated>true</IsTruncated>{token}<Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>"));
        await using var sink = await server.OpenAsync();
        var failure = await Assert.ThrowsAsync<SinkException>(async () => await sink.ListAsync("", Token).ToListAsync(Token));
        Assert.Contains("behind 'a'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listing_begins_behind_a_name_where_the_store_is_told_to()
    {
        await using var server = new ScriptedServer(request => ScriptedServer.Answer(200,
            request.Target.Contains("continuation-token", StringComparison.Ordinal)
                ? "<ListBucketResult><Contents><Key>set/d</Key><Size>1</Size></Contents></ListBucketResult>"
                : "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>on</NextContinuationToken>"
                    + "<Contents><Key>set/c</Key><Size>1</Size></Contents></ListBucketResult>"));
        await using var sink = await server.OpenAsync();
        var listed = await sink.ListAfterAsync("set/", ObjectName.Of("set/b"), Token).ToListAsync(Token);
        Assert.Equal(["set/c", "set/d"], listed.Select(item => item.Name.ToString()));
        Assert.Equal([true, false], server.Requests.Select(one => one.Target.Contains("start-after=set%2Fb", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_store_that_begins_at_the_beginning_all_the_same_gives_nothing_twice()
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Answer(200, "<ListBucketResult>"
            + string.Concat("abcd".Select(key => $"<Contents><Key>{key}</Key><Size>1</Size></Contents>")) + "</ListBucketResult>"));
        await using var sink = await server.OpenAsync();
        var listed = await sink.ListAfterAsync("", ObjectName.Of("b"), Token).ToListAsync(Token);
        Assert.Equal(["c", "d"], listed.Select(item => item.Name.ToString()));
    }
}
